import { decodedViews, originalSpan, type View } from './decoded-views.ts'
import { type SecretForms, secretForms } from './secret-forms.ts'

const shown = '[secret]'

/**
 * Shorter values are not looked for: they would turn up in every other word, and the text would
 * become unreadable without becoming safer.
 */
const shortestHidden = 4

/** Most characters that a stream holds back while it waits for the end of a line (I8). */
const heldCharacters = 64 * 1024
/** A unit takes at most so many when it is encoded again and again. */
const growth = 12

/**
 * Takes a run's secrets out of every text that leaves it (I6): as they are, and as base64, as
 * hexadecimal, percent-encoded or escaped for JSON, also when these are mixed.
 */
export interface Redactor {
  /** Adds a value. Texts that went out before are out. */
  add(secret: string): void
  /** The text, with `[secret]` in place of every secret. */
  redact(text: string): string
  /** The same for every text in plain data, names of members included. */
  redactData<T>(data: T): T
  /** For text that comes in pieces: a secret cut in two by them is found all the same. */
  stream(): RedactedStream
}

export interface RedactedStream {
  /** @returns what may go out now: whole lines, or the beginning of one that is very long */
  write(piece: string): string
  /** @returns the rest */
  end(): string
}

export function createRedactor(): Redactor {
  const secrets = new Set<string>()
  let forms: SecretForms | undefined

  function current(): SecretForms {
    return (forms ??= secretForms([...secrets], shortestHidden))
  }

  function redact(text: string): string {
    return secrets.size === 0 || text.length < shortestHidden ? text : redactForms(text, current())
  }

  return {
    add(secret) {
      if (secret.length < shortestHidden || secrets.has(secret)) return
      secrets.add(secret)
      forms = undefined
    },
    redact,
    redactData: <T>(data: T) => visit(data, redact) as T,
    stream: () => redactedStream(redact, () => current().longest * growth),
  }
}

function redactedStream(redact: (text: string) => string, reach: () => number): RedactedStream {
  let held = ''
  return {
    write(piece) {
      held += piece
      // a secret with line breaks is looked for line by line, so nothing spans lines
      const lineEnd = held.lastIndexOf('\n') + 1
      let ready = redact(held.slice(0, lineEnd))
      held = held.slice(lineEnd)
      if (held.length > heldCharacters) {
        const clean = redact(held)
        // what could be the beginning of a secret stays
        const cut = Math.max(0, clean.length - reach())
        ready += clean.slice(0, cut)
        held = clean.slice(cut)
      }
      return ready
    },
    end() {
      const rest = redact(held)
      held = ''
      return rest
    },
  }
}

const base64Rest = /^[A-Za-z0-9+/_-]{0,2}$/

interface Span {
  readonly start: number
  readonly end: number
}

function redactForms(text: string, forms: SecretForms): string {
  const spans = decodedViews(text).flatMap((view) => spansIn(view, forms))
  if (spans.length === 0) return text
  spans.sort((a, b) => a.start - b.start || b.end - a.end)
  let clean = ''
  let position = 0
  let open = false
  for (const { start, end } of spans) {
    if (end <= position) continue
    // between two windows of one secret lie up to two characters of base64 that belong to both
    const joins = open && base64Rest.test(text.slice(position, start))
    if (!joins) clean += text.slice(position, start) + shown
    position = end
    open = true
  }
  return clean + text.slice(position)
}

function spansIn(view: View, forms: SecretForms): Span[] {
  const standard = view.text.replaceAll('-', '+').replaceAll('_', '/')
  const lower = view.text.replaceAll(/[A-F]/g, (digit) => digit.toLowerCase())
  return [
    ...occurrences(view, view.text, forms.plain),
    ...occurrences(view, standard, forms.base64),
    ...occurrences(view, lower, forms.bytes),
  ]
}

function occurrences(view: View, text: string, forms: readonly string[]): Span[] {
  const spans: Span[] = []
  for (const form of forms) {
    for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1)) {
      spans.push(originalSpan(view, at, at + form.length))
    }
  }
  return spans
}

function visit(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value)
  if (Array.isArray(value)) return value.map((item) => visit(item, redact))
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [redact(key), visit(item, redact)]))
  return value
}
