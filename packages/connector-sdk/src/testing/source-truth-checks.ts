import assert from 'node:assert/strict'
import { defaultCsv, type CsvOptions } from '../format.ts'
import type { Row } from '../types.ts'
import { logicalTypeName } from '../system-type.ts'
import { readFiles, readRequest, readRows } from './collect.ts'
import { isBulkheadError } from '../errors.ts'
import { type AnySource, contentOf, formsOf, requestFor, withSource } from './source-reading.ts'
import { type Check, given, reasonOf } from './subject.ts'

/** Checks that a source is what it says of itself: types, capabilities, options. */
export const sourceTruthChecks: readonly Check<AnySource>[] = [
  {
    title: 'takes queries of the kind that it declares',
    run({ connector, cases }) {
      // the planner holds what users write against this schema, before the connector sees it
      for (const { title, query } of cases) {
        const { error } = connector.query.safeParse(query)
        const [issue] = error?.issues ?? []
        const where = issue?.path.join('.') ?? ''
        assert.equal(
          issue?.message,
          undefined,
          `its schema of queries refuses "${title}" at ${where || 'the whole'}`,
        )
      }
      const declared = connector.source?.capabilities.query
      if (declared === 'either') {
        const kinds = new Set(cases.map(({ query }) => typeof query === 'string'))
        assert.equal(kinds.size, 2, 'the cases show only one kind of query')
        return
      }
      for (const { title, query } of cases) {
        assert.equal(typeof query === 'string' ? 'sql' : 'object', declared, title)
      }
    },
  },
  {
    title: 'proves by known results every format and option that it declares to write by itself',
    leftOut: (subject) => (formsOf(subject).includes('bytes') ? undefined : 'It writes no format by itself'),
    run({ connector, cases }) {
      const proofs = cases.flatMap(({ bytes }) => bytes ?? [])
      for (const [format, { options }] of Object.entries(connector.source?.capabilities.encodes ?? {})) {
        const ofFormat = proofs.filter((proof) => proof.format === format)
        assert.ok(ofFormat.length > 0, `no case shows how ${format} is written`)
        for (const option of options as readonly (keyof CsvOptions)[]) {
          const isShown = ofFormat.some(
            ({ csv }) => (csv?.[option] ?? defaultCsv[option]) !== defaultCsv[option],
          )
          assert.ok(isShown, `no case shows ${format} with another ${option} than the default`)
        }
      }
    },
  },
  {
    title: 'keeps every type of its system, to the last digit',
    leftOut: ({ types }) => reasonOf('types', types),
    run: (subject) =>
      withSource(subject, async (source, signal) => {
        const cases = given('types', subject.types)
        for (const { system, becomes } of subject.connector.types ?? []) {
          for (const type of becomes === 'refused' ? [] : system) {
            const isShown = cases.some(
              (known) => known.type === type && logicalTypeName(known.becomes) === becomes,
            )
            assert.ok(isShown, `no case shows that ${type} becomes ${becomes}`)
          }
        }
        for (const form of formsOf(subject).filter((candidate) => candidate !== 'bytes')) {
          for (const known of cases) {
            await using extract = await source.prepare(readRequest(known, form), signal)
            const types = extract.fields.map(({ type }) => type)
            assert.deepEqual(types, [known.becomes], `${known.type} becomes something else`)
            const rows = await readRows(extract, signal)
            const values = rows.map((row) => Object.values(row)[0])
            assert.deepEqual(values, known.values, `${known.type} is not kept`)
          }
        }
      }),
  },
  {
    title: 'reads one moment while others write, when it declares a snapshot',
    leftOut: ({ connector, changing }) =>
      connector.source?.capabilities.snapshot === false
        ? 'It does not declare `snapshot`'
        : reasonOf('changing', changing),
    run: (subject) =>
      withSource(subject, async (source, signal) => {
        const changing = given('changing', subject.changing)
        for (const form of formsOf(subject)) {
          const before = await contentOf(subject, source, changing, form, signal)
          const during = await contentWhileChanging(subject, source, form, signal)
          const after = await contentOf(subject, source, changing, form, signal)
          assert.notDeepEqual(after, before, 'the change changed nothing: this proves nothing')
          if (during !== undefined) {
            assert.ok(isSame(during, before), 'the read saw what was written while it read')
          }
        }
      }),
  },
]

/** What is read when the data change after the first batch; undefined when the source noticed, and gave up. */
async function contentWhileChanging(
  subject: AnySource,
  source: Parameters<typeof contentOf>[1],
  form: ReturnType<typeof formsOf>[number],
  signal: AbortSignal,
): Promise<Row[] | Map<string, Buffer> | undefined> {
  const changing = given('changing', subject.changing)
  const request = requestFor(subject, changing, form, { batchRows: 10, batchBytes: 1024 })
  await using extract = await source.prepare(request, signal)
  assert.equal(extract.consistency, 'snapshot', 'the extract does not say that it is a snapshot')
  let batches = 0
  const changed = {
    ...extract,
    async *read(readSignal: AbortSignal) {
      for await (const batch of extract.read(readSignal)) {
        if (batches++ === 0) await changing.change()
        yield batch
      }
    },
  }
  try {
    const content = form === 'bytes' ? await readFiles(changed, signal) : await readRows(changed, signal)
    assert.ok(batches > 1, 'the result came in one batch: this proves nothing')
    return content
  } catch (error) {
    if (isBulkheadError(error) && error.kind === 'transient') return undefined
    throw error
  }
}

function isSame(left: unknown, right: unknown): boolean {
  try {
    assert.deepEqual(left, right)
    return true
  } catch (error) {
    if (error instanceof assert.AssertionError) return false
    throw error
  }
}
