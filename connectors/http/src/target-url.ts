import type { ParameterValue } from '@bulkhead/connector-sdk'
import { httpFault } from './errors.ts'

/** A part of a path: text of the query, or the value of a parameter; parameters are encoded as a whole. */
export type PathPart = string | number | bigint | boolean

/**
 * The address of a path below the base. Nothing in it can leave the base: `.` and `..` are refused also
 * within a value, because servers differ in when they decode `%2F`.
 * @param path  text such as `/orders/open`, or its parts one by one, each percent-encoded as a whole
 * @throws BulkheadError `http-path-invalid`
 */
export function targetUrl(base: URL, path: string | readonly PathPart[], at: string): URL {
  const parts = typeof path === 'string' ? path.replace(/^\//, '').split('/') : path.map(String)
  // A slash at the end has a meaning for some servers.
  const isEmpty = typeof path === 'string' && parts.length === 1 && parts[0] === ''
  const encoded = isEmpty
    ? []
    : parts.map((part, index) => {
        const mayBeEmpty = typeof path === 'string' && index > 0 && index === parts.length - 1
        if (part === '' && !mayBeEmpty)
          throw httpFault('http-path-invalid', `Part ${index + 1} of the path is empty`, { path: at })
        if (/[\p{Cc}]/u.test(part) || !part.isWellFormed())
          throw httpFault(
            'http-path-invalid',
            `Part ${index + 1} of the path has a character that no path can have`,
            { path: at },
          )
        if (part.split(/[/\\]/).some((piece) => /^\.{1,2}$/.test(piece)))
          throw httpFault('http-path-invalid', `Part ${index + 1} of the path is or holds \`.\` or \`..\``, {
            path: at,
          })
        return encodePart(part)
      })
  const url = new URL(base)
  url.pathname += encoded.join('/')
  // The last word on what the parser made of it.
  if (url.origin !== base.origin || !url.pathname.startsWith(base.pathname))
    throw httpFault('http-path-invalid', 'The path leaves the base address', { path: at })
  return url
}

/** All but the unreserved letters of RFC 3986, and `:`, `@`, `,` which stand for themselves within a part. */
function encodePart(part: string): string {
  return encodeURIComponent(part)
    .replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll(/%(3A|40|2C)/g, (code) => decodeURIComponent(code))
}

/** Puts query parameters into an address: a list gives its name several times, null leaves it out. */
export function addQueryParameters(
  url: URL,
  values: Readonly<Record<string, ParameterValue>>,
  at: string,
): void {
  for (const [name, value] of Object.entries(values)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item === null) continue
      const fault = unfit(item)
      if (fault !== undefined)
        throw httpFault(
          'http-query-invalid',
          `The query parameter ${JSON.stringify(name.slice(0, 60))} ${fault}`,
          { path: `${at}.${name}`, fix: 'Give text, a finite number, true or false, or one list of them' },
        )
      url.searchParams.append(name, String(item))
    }
  }
}

/** Why a value would arrive as another one; undefined when it would not. */
function unfit(value: unknown): string | undefined {
  if (value instanceof Uint8Array) return 'is bytes'
  if (Array.isArray(value)) return 'has a list within a list'
  if (typeof value === 'string' && !value.isWellFormed()) return 'holds half of a character'
  return typeof value === 'number' && !Number.isFinite(value) ? 'is no finite number' : undefined
}
