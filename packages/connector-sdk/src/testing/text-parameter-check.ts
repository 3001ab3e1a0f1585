import assert from 'node:assert/strict'
import type { Form } from '../batch.ts'
import { defaultCsv } from '../format.ts'
import type { ParameterValue, Source } from '../source.ts'
import { readFiles, readRequest } from './collect.ts'
import { expectFailure, STOP_MS, within } from './expect.ts'
import { hostileTexts } from './hostile-texts.ts'
import { type AnySource, contentOf, formsOf, withSource } from './source-reading.ts'
import { type Check, given, type Query, reasonOf, type TextParameterCase } from './subject.ts'

/** What nobody stores and no language reads as anything else: shows that the parameter decides what is found. */
const HARMLESS = 'nobody-is-called-so'
/** As much of a text as a message may say again: the length of a long name. */
const NAME_CHARACTERS = 256
/** A source that refuses more of the texts than this share of them shows by an echo of the others too little. */
const MOST_REFUSED = 0.5

/** The check that no parameter becomes a part of the query around it. What takes longer than `hangMs` hangs. */
export const textParameterChecks = ({ hangMs }: { readonly hangMs: number }): readonly Check<AnySource>[] => [
  {
    title: 'takes what a parameter holds as a value, whatever stands in it',
    leftOut: ({ textParameters }) => reasonOf('textParameters', textParameters),
    run: (subject) =>
      withSource(subject, async (source, signal) => {
        const cases = given('textParameters', subject.textParameters)
        assert.ok(cases.length > 0, 'the test gives no place that takes a text')
        for (const form of formsOf(subject)) {
          const before = await knownResults(subject, source, form, signal)
          const faults: string[] = []
          for (const one of cases)
            faults.push(...(await faultsOf({ subject, source, form, one, signal, hangMs })))
          assert.deepEqual(faults, [], `in form ${form}`)
          const after = await knownResults(subject, source, form, signal)
          assert.deepEqual(after, before, 'a known result is another one afterwards')
          assert.ok((await subject.unchanged?.()) ?? true, 'one of the texts changed something')
        }
      }),
  },
]

/** One place, in one form. */
interface Place {
  readonly subject: AnySource
  readonly source: Source
  readonly form: Form
  readonly one: TextParameterCase
  readonly signal: AbortSignal
  readonly hangMs: number
}

async function faultsOf(place: Place): Promise<string[]> {
  const { subject, form, one } = place
  const { own, put } = textOf(one)
  const { echo } = one
  // What a source writes by itself can be held against a text only where the format can be read back.
  const isReadBack = form !== 'bytes' || subject.connector.source?.capabilities.encodes.jsonl !== undefined
  if (echo !== undefined && !isReadBack) return []
  const answer = (text: string) => answerTo(place, put(text))

  const first = await answer(own)
  if (first.rows === 'nothing') return [`${one.title}: its own text finds nothing: this proves nothing`]
  if (first.fault !== undefined) return [`${one.title}: its own text: ${first.fault}`]

  const hostile = hostileTexts.filter(({ isPattern }) => one.takesPatterns !== true || isPattern !== true)
  const texts = [echo === undefined ? HARMLESS : own, ...hostile.map(({ text }) => text)]
  const faults: string[] = []
  let refused = 0
  for (const text of texts) {
    const { rows, fault } = await answer(text)
    if (rows === 'refused') refused++
    const wrong = fault ?? (echo === undefined ? found(rows) : changed(rows, text, echo))
    if (wrong !== undefined) faults.push(`${one.title}: ${shown(text)} ${wrong}`)
  }
  if (echo !== undefined && refused > MOST_REFUSED * texts.length)
    faults.push(`${one.title}: it refuses ${refused} of ${texts.length} texts: the others prove little`)
  return faults
}

interface Answer {
  /** `something`: files that are not empty. */
  readonly rows: readonly Readonly<Record<string, unknown>>[] | 'something' | 'nothing' | 'refused'
  /** What is wrong with it, whatever was asked for. */
  readonly fault?: string
}

async function answerTo(place: Place, parameters: TextParameterCase['parameters']): Promise<Answer> {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new Error('it hangs')), place.hangMs)
  const asked = { query: place.one.query, parameters }
  try {
    const reading = rowsOf(place, asked, AbortSignal.any([place.signal, late.signal]))
    return { rows: await within(place.hangMs + STOP_MS, 'stopping what hangs', reading) }
  } catch (error) {
    const fault = await faultOfRefusal(place.subject, error, Object.values(parameters).flat())
    return fault === undefined ? { rows: 'refused' } : { rows: 'refused', fault }
  } finally {
    clearTimeout(timer)
  }
}

async function rowsOf(
  { subject, source, form, one }: Place,
  asked: Query,
  signal: AbortSignal,
): Promise<Answer['rows']> {
  if (form === 'bytes' && one.echo !== undefined) return linesOf(source, asked, signal)
  const content = await contentOf(subject, source, asked, form, signal)
  if (Array.isArray(content)) return content.length === 0 ? 'nothing' : content
  return [...content.values()].some((file) => file.length > 0) ? 'something' : 'nothing'
}

/** The same rows as the source writes them by itself. */
async function linesOf(source: Source, asked: Query, signal: AbortSignal): Promise<Answer['rows']> {
  const output = { format: 'jsonl', csv: defaultCsv } as const
  await using extract = await source.prepare(readRequest(asked, 'bytes', { output }), signal)
  const text = Buffer.concat([...(await readFiles(extract, signal)).values()]).toString()
  const lines = text.split('\n').filter((line) => line !== '')
  if (lines.length === 0) return 'nothing'
  return lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
}

/** What is wrong with how a text was refused: the requester is to see that it is theirs, and where it stands. */
async function faultOfRefusal(
  subject: AnySource,
  reason: unknown,
  values: readonly unknown[],
): Promise<string | undefined> {
  try {
    const error = await expectFailure(subject, 'it', () => Promise.reject(reason))
    const { kind, code, message } = error
    assert.ok(kind === 'config' || kind === 'policy', `${code} is of kind ${kind}: ${message}`)
    assert.match(error.path ?? '', /^(query|parameters)\b/, `${code} has no path in the query: ${message}`)
    assert.ok(
      !values.some((value) => repeats(message, value)),
      `${code} repeats more of it than a name needs`,
    )
    return undefined
  } catch (fault) {
    return `fails wrongly: ${fault instanceof Error ? fault.message : String(fault)}`
  }
}

function repeats(message: string, value: unknown): boolean {
  if (typeof value !== 'string') return false
  for (let at = 0; at + NAME_CHARACTERS < value.length; at++)
    if (message.includes(value.slice(at, at + NAME_CHARACTERS + 1))) return true
  return false
}

function found(rows: Answer['rows']): string | undefined {
  return rows === 'nothing' || rows === 'refused' ? undefined : 'finds something'
}

function changed(
  rows: Answer['rows'],
  text: string,
  echo: NonNullable<TextParameterCase['echo']>,
): string | undefined {
  if (rows === 'refused') return undefined
  if (typeof rows === 'string' || rows.length !== 1 || rows[0] === undefined) return 'does not come back once'
  const back = echo(rows[0])
  return back === text ? undefined : `comes back as ${shown(String(back))}`
}

/** The text of a case, and its parameters with another one. */
function textOf({ title, parameters }: TextParameterCase): {
  readonly own: string
  readonly put: (text: string) => Readonly<Record<string, ParameterValue>>
} {
  const texts = Object.entries(parameters).filter(([, value]) => typeof [value].flat()[0] === 'string')
  const [[name, value] = []] = texts
  const own = [value].flat()
  assert.ok(
    name !== undefined && texts.length === 1 && own.length === 1,
    `${title}: not one of its parameters is a text`,
  )
  return {
    own: String(own[0]),
    put: (text) => ({ ...parameters, [name]: Array.isArray(value) ? [text] : text }),
  }
}

async function knownResults(
  subject: AnySource,
  source: Source,
  form: Form,
  signal: AbortSignal,
): Promise<readonly unknown[]> {
  const results: unknown[] = []
  for (const known of subject.cases) results.push(await contentOf(subject, source, known, form, signal))
  return results
}

function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}
