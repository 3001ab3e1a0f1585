/**
 * Valid JSON without the blanks and line breaks between its tokens, so that a record is one line; all
 * else stays as it was written.
 * @returns the same bytes when there is nothing to leave out
 */
export function compactJson(json: Uint8Array): Uint8Array {
  const first = nextBlank(json, 0)
  if (first === json.length) return json
  const out = Buffer.allocUnsafe(json.length)
  let length = 0
  let from = 0
  for (let blank = first; ; blank = nextBlank(json, from)) {
    out.set(json.subarray(from, blank), length)
    length += blank - from
    if (blank === json.length) return out.subarray(0, length)
    from = blank + 1
  }
}

/** The next blank outside of strings; the length when there is none. `from` is outside of strings. */
function nextBlank(json: Uint8Array, from: number): number {
  for (let at = from; at < json.length; at++) {
    const byte = json[at]!
    if (byte === 0x22) at = closingQuote(json, at)
    else if (byte <= 0x20) return at
  }
  return json.length
}

/** Where the string ends that begins at the quote `at`. */
export function closingQuote(json: Uint8Array, at: number): number {
  let to = at + 1
  for (let byte = json[to]; byte !== 0x22 && to < json.length; byte = json[++to]) if (byte === 0x5c) to++
  return to
}
