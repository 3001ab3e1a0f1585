/** A text as it reads when escapes are undone, with the way back. */
export interface View {
  readonly text: string
  /** Unit `i` of `text` came from `starts[i]` to `ends[i]` of the original; undefined: from where it stands. */
  readonly origin: { readonly starts: readonly number[]; readonly ends: readonly number[] } | undefined
}

/** Where units `start` to `end` of a view stand in the original. */
export function originalSpan(view: View, start: number, end: number): { start: number; end: number } {
  const { origin } = view
  return origin === undefined
    ? { start, end }
    : { start: origin.starts[start] ?? 0, end: origin.ends[end - 1] ?? 0 }
}

/** Encodings inside encodings (JSON in a URL in JSON) are undone so often. */
const depth = 3

/**
 * The text as it is, with JSON's escapes undone, with percent-encoding undone, and every mixture of
 * these. Most texts hold no escapes and have one view.
 *
 * Decoders are applied one at a time and never all at once: a secret may itself hold what looks like
 * an escape of another encoding.
 */
export function decodedViews(text: string): View[] {
  const views: View[] = [{ text, origin: undefined }]
  const seen = new Set([text])
  let latest = views.slice()
  for (let level = 0; level < depth && latest.length > 0; level++) {
    latest = latest.flatMap((view) =>
      [undoJson, undoPercent, undoForm].flatMap((undo) => {
        const decoded = undo(view)
        if (decoded === undefined || seen.has(decoded.text)) return []
        seen.add(decoded.text)
        return decoded
      }),
    )
    views.push(...latest)
  }
  return views
}

/** Collects a view unit by unit. */
class ViewBuilder {
  #text = ''
  readonly #starts: number[] = []
  readonly #ends: number[] = []
  readonly #from: View

  constructor(from: View) {
    this.#from = from
  }

  /** `units` came from the units `start` to `end` of the view before. */
  push(units: string, start: number, end: number): void {
    this.#text += units
    const span = originalSpan(this.#from, start, end)
    for (let unit = 0; unit < units.length; unit++) {
      this.#starts.push(span.start)
      this.#ends.push(span.end)
    }
  }

  build(): View {
    return { text: this.#text, origin: { starts: this.#starts, ends: this.#ends } }
  }
}

const shortEscapes: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

const jsonEscape = /\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([bfnrtv])|([^a-zA-Z0-9]))/y

/** JSON's escapes and those of JavaScript's text literals. */
function undoJson(view: View): View | undefined {
  const { text } = view
  if (!text.includes('\\')) return undefined
  const builder = new ViewBuilder(view)
  for (let at = 0; at < text.length;) {
    jsonEscape.lastIndex = at
    const match = jsonEscape.exec(text)
    if (match === null) {
      builder.push(text.charAt(at), at, ++at)
      continue
    }
    const [whole, unicode, hex, short, itself] = match
    const code = unicode ?? hex
    const unit =
      code === undefined
        ? (shortEscapes[short ?? ''] ?? itself ?? '')
        : String.fromCharCode(Number(`0x${code}`))
    builder.push(unit, at, at + whole.length)
    at += whole.length
  }
  return builder.build()
}

function undoPercent(view: View): View | undefined {
  return view.text.includes('%') ? percentDecoded(view, '+') : undefined
}

/** As in a form or a query string, where `+` is a space. */
function undoForm(view: View): View | undefined {
  return view.text.includes('+') ? percentDecoded(view, ' ') : undefined
}

const percentByte = /%([0-9a-fA-F]{2})/y

function percentDecoded(view: View, plus: string): View {
  const { text } = view
  const builder = new ViewBuilder(view)
  for (let at = 0; at < text.length;) {
    const character = utf8At(text, at)
    if (character === undefined) {
      const unit = text.charAt(at)
      builder.push(unit === '+' ? plus : unit, at, ++at)
      continue
    }
    const end = at + 3 * Buffer.byteLength(character)
    builder.push(character, at, end)
    at = end
  }
  return builder.build()
}

/** The character that the percent-encoded bytes from `at` on make, when they make one. */
function utf8At(text: string, at: number): string | undefined {
  const first = byteAt(text, at)
  if (first === undefined) return undefined
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  const bytes = Array.from({ length }, (_, index) => byteAt(text, at + 3 * index) ?? 0)
  const character = Buffer.from(bytes).toString()
  return Buffer.from(character).equals(Buffer.from(bytes)) ? character : undefined
}

function byteAt(text: string, at: number): number | undefined {
  percentByte.lastIndex = at
  const match = percentByte.exec(text)
  return match === null ? undefined : Number(`0x${match[1]}`)
}
