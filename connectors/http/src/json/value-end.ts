/**
 * Where a JSON value ends that lies in one piece: the fast way for records, most of which do. It checks
 * all of the grammar, with nothing but local variables; the scanner keeps its state between chunks, and
 * costs several times as much.
 */

/** Deeper values are left to the scanner, which refuses what is too deep. */
const MAX_DEPTH = 100

/**
 * @returns where the value ends that begins at `at`; -1 when it does not end before `end`, or is no JSON: then the scanner says which
 */
export function valueEnd(json: Uint8Array, at: number, end: number): number {
  return endOf(json, at, end, 0)
}

function endOf(json: Uint8Array, at: number, end: number, depth: number): number {
  const first = at < end ? json[at]! : 0
  if (first === 0x22) return stringEnd(json, at + 1, end)
  if (first === 0x7b) return depth === MAX_DEPTH ? -1 : objectEnd(json, at + 1, end, depth + 1)
  if (first === 0x5b) return depth === MAX_DEPTH ? -1 : arrayEnd(json, at + 1, end, depth + 1)
  if (first === 0x2d || (first >= 0x30 && first <= 0x39)) return numberEnd(json, at, end)
  if (first === 0x74) return wordEnd(json, at, end, TRUE)
  if (first === 0x66) return wordEnd(json, at, end, FALSE)
  if (first === 0x6e) return wordEnd(json, at, end, NULL)
  return -1
}

function objectEnd(json: Uint8Array, from: number, end: number, depth: number): number {
  let at = afterBlanks(json, from, end)
  if (at < end && json[at] === 0x7d) return at + 1
  while (at < end && json[at] === 0x22) {
    at = stringEnd(json, at + 1, end)
    if (at === -1) return -1
    at = afterBlanks(json, at, end)
    if (at >= end || json[at] !== 0x3a) return -1
    at = endOf(json, afterBlanks(json, at + 1, end), end, depth)
    if (at === -1) return -1
    at = afterBlanks(json, at, end)
    if (at >= end) return -1
    if (json[at] === 0x7d) return at + 1
    if (json[at] !== 0x2c) return -1
    at = afterBlanks(json, at + 1, end)
  }
  return -1
}

function arrayEnd(json: Uint8Array, from: number, end: number, depth: number): number {
  let at = afterBlanks(json, from, end)
  if (at < end && json[at] === 0x5d) return at + 1
  for (;;) {
    at = endOf(json, at, end, depth)
    if (at === -1) return -1
    at = afterBlanks(json, at, end)
    if (at >= end) return -1
    if (json[at] === 0x5d) return at + 1
    if (json[at] !== 0x2c) return -1
    at = afterBlanks(json, at + 1, end)
  }
}

function stringEnd(json: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end) {
    const byte = json[at++]!
    if (byte === 0x22) return at
    if (byte < 0x20) return -1
    if (byte !== 0x5c) continue
    const escaped = at < end ? json[at++]! : 0
    if (escaped === 0x75) {
      for (let digit = 0; digit < 4; digit++) if (at >= end || !isHex(json[at++]!)) return -1
    } else if (!isEscape(escaped)) return -1
  }
  return -1
}

/** A number that reaches `end` may go on behind it. */
function numberEnd(json: Uint8Array, from: number, end: number): number {
  let at = json[from] === 0x2d ? from + 1 : from
  const whole = at
  at = afterDigits(json, at, end)
  if (at === whole || (json[whole] === 0x30 && at > whole + 1)) return -1
  if (at < end && json[at] === 0x2e) {
    const fraction = at + 1
    at = afterDigits(json, fraction, end)
    if (at === fraction) return -1
  }
  if (at < end && (json[at]! | 0x20) === 0x65) {
    const sign = json[at + 1]
    const digits = sign === 0x2b || sign === 0x2d ? at + 2 : at + 1
    at = afterDigits(json, digits, end)
    if (at === digits) return -1
  }
  return at < end ? at : -1
}

function afterDigits(json: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && json[at]! >= 0x30 && json[at]! <= 0x39) at++
  return at
}

function afterBlanks(json: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && (json[at] === 0x20 || json[at] === 0x0a || json[at] === 0x0d || json[at] === 0x09)) at++
  return at
}

const TRUE = Buffer.from('true')
const FALSE = Buffer.from('false')
const NULL = Buffer.from('null')

function wordEnd(json: Uint8Array, at: number, end: number, word: Uint8Array): number {
  if (at + word.length > end) return -1
  for (let index = 1; index < word.length; index++) if (json[at + index] !== word[index]) return -1
  return at + word.length
}

function isHex(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66)
}

/** `"\/bfnrt` */
function isEscape(byte: number): boolean {
  return (
    byte === 0x22 ||
    byte === 0x5c ||
    byte === 0x2f ||
    byte === 0x62 ||
    byte === 0x66 ||
    byte === 0x6e ||
    byte === 0x72 ||
    byte === 0x74
  )
}
