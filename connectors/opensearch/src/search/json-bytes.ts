/**
 * JSON as bytes, walked and never built: values keep every digit and space that was stored. The server
 * has checked what it answers; yet a stored document may hold comments, which OpenSearch takes, and any
 * white space.
 */
export const QUOTE = 0x22
export const COMMA = 0x2c
export const SLASH = 0x2f
export const COLON = 0x3a
export const OPEN_LIST = 0x5b
export const BACKSLASH = 0x5c
export const CLOSE_LIST = 0x5d
export const OPEN_OBJECT = 0x7b
export const CLOSE_OBJECT = 0x7d

/** The bytes are no JSON, or end too early. */
export class NotJson extends Error {}

/** Behind the string that begins at `at` with its quote. */
export function endOfString(bytes: Uint8Array, at: number, end: number): number {
  for (let next = at + 1; next < end; next++) {
    const byte = bytes[next]!
    if (byte === QUOTE) return next + 1
    if (byte === BACKSLASH) next++
  }
  throw new NotJson('A text has no end')
}

/** The next byte that belongs to a value: behind white space and comments. */
export function skipSpace(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end) {
    const byte = bytes[at]!
    if (byte > 0x20 && byte !== SLASH) return at
    at = byte === SLASH ? endOfComment(bytes, at, end) : at + 1
  }
  return at
}

export function endOfComment(bytes: Uint8Array, at: number, end: number): number {
  const second = bytes[at + 1]
  if (second === SLASH) {
    let next = at + 2
    while (next < end && bytes[next] !== 0x0a && bytes[next] !== 0x0d) next++
    return next
  }
  if (second !== 0x2a) throw new NotJson('There is a slash between values')
  for (let next = at + 2; next + 1 < end; next++) {
    if (bytes[next] === 0x2a && bytes[next + 1] === SLASH) return next + 2
  }
  throw new NotJson('A comment has no end')
}

/** Behind the value that begins at `at`, of any kind. */
export function endOfValue(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]
  if (first === QUOTE) return endOfString(bytes, at, end)
  if (first === OPEN_OBJECT || first === OPEN_LIST) return endOfNested(bytes, at, end)
  let next = at
  while (next < end && !endsScalar(bytes[next]!)) next++
  if (next === at) throw new NotJson('A value is missing')
  return next
}

function endsScalar(byte: number): boolean {
  return byte <= 0x20 || byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_LIST || byte === SLASH
}

function endOfNested(bytes: Uint8Array, from: number, end: number): number {
  let depth = 0
  let at = from
  while (at < end) {
    const byte = bytes[at]!
    if (byte === QUOTE) at = endOfString(bytes, at, end)
    else if (byte === SLASH) at = endOfComment(bytes, at, end)
    else {
      at++
      if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth++
      else if ((byte === CLOSE_OBJECT || byte === CLOSE_LIST) && --depth === 0) return at
    }
  }
  throw new NotJson('An object or list has no end')
}
