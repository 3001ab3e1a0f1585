// Controls, also those that turn the direction of the text: data could write over what stands on the screen.
const controls = /[\p{Cc}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu
const controlsInLines = /(?![\n])[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu
const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Text of others, fit for one line of a terminal: control characters are shown as escapes. */
export function printable(text: string): string {
  return text.replace(controls, escape)
}

/** The same for text of several lines, such as a query. */
export function printableLines(text: string): string {
  return text.replace(controlsInLines, escape)
}

function escape(character: string): string {
  return short[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}

const wide =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}])/u
/** Made when it is needed: loading what it knows of letters takes ten milliseconds of every start. */
let segmenter: Intl.Segmenter | undefined
function segmentsOf(text: string): Iterable<Intl.SegmentData> {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  return segmenter.segment(text)
}

/** Columns that `text` takes on a terminal: letters of East Asia and emoji take two. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7E]*$/.test(text)) return text.length
  let width = 0
  for (const { segment } of segmentsOf(text)) width += wide.test(segment) ? 2 : 1
  return width
}

/** `text`, cut to `width` columns with an ellipsis where it is longer. */
export function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  let taken = 0
  let kept = ''
  for (const { segment } of segmentsOf(text)) {
    taken += wide.test(segment) ? 2 : 1
    if (taken > width - 1) break
    kept += segment
  }
  return `${kept}…`
}
