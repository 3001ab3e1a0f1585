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

/** @throws BulkheadError `http-query-invalid` when a parameter in the body is bytes, or no number of JSON */
export function checkBody(value: unknown, path = 'query.body'): void {
  const isBad = value instanceof Uint8Array || (typeof value === 'number' && !Number.isFinite(value))
  if (isBad)
    throw httpFault('http-query-invalid', 'A value of the body cannot be written as JSON', {
      path,
      fix: 'Give text, a finite number, or a list of them',
    })
  if (typeof value !== 'object' || value === null) return
  for (const [key, item] of Object.entries(value)) checkBody(item, `${path}.${key}`)
}
