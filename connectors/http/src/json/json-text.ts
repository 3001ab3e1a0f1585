import { httpFault } from '../errors.ts'

/** The body of a request as JSON: whole numbers of any size keep their digits, bytes are refused. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === 'bigint') return rawJson(item.toString())
    return item
  })
}

/** JSON text that `jsonText` writes as it is. Node.js has it, the types of TypeScript do not yet. @see https://tc39.es/proposal-json-parse-with-source/ */
export const { rawJSON: rawJson } = JSON as unknown as { readonly rawJSON: (text: string) => unknown }

/**
 * A number above 2^53 has lost digits already where it was read; a bigint has not.
 * @throws BulkheadError `http-query-invalid` when a value of the body is bytes, no number of JSON, or one that may have
 *   been another
 */
export function checkBody(value: unknown, path = 'query.body'): void {
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))
    throw httpFault(
      'http-query-invalid',
      'A whole number of the body is too large to be known to the last digit',
      {
        path,
        fix: 'Give it as a parameter of type integer, or as text',
      },
    )
  const isBad = value instanceof Uint8Array || (typeof value === 'number' && !Number.isFinite(value))
  if (isBad)
    throw httpFault('http-query-invalid', 'A value of the body cannot be written as JSON', {
      path,
      fix: 'Give text, a finite number, or a list of them',
    })
  if (typeof value !== 'object' || value === null) return
  for (const [key, item] of Object.entries(value)) checkBody(item, `${path}.${key}`)
}
