import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Batch, Form } from '../batch.ts'
import { defaultCsv } from '../format.ts'
import type { Extract } from '../source.ts'
import { assertLayout, readFiles, readRequest, readRows } from './collect.ts'
import { STOP_MS, within } from './expect.ts'
import {
  type AnySource,
  byteCount,
  contentOf,
  formsOf,
  refused,
  requestFor,
  rowCount,
  withSource,
} from './source-reading.ts'
import type { Check, Query } from './subject.ts'

/** What the large result of a subject has at least; a source that reads all of it ahead is seen to grow. */
const LARGE_BYTES = 32 * 1024 * 1024
/** Growth that garbage, buffers of the client and two batches may cause while a reader pauses. */
const PAUSED_BYTES = 16 * 1024 * 1024
/** Bounds that the batches of the large result are asked to keep. */
const BATCH_ROWS = 500
const BATCH_BYTES = 256 * 1024

/** How long the checks let a source work before they look. */
export interface Patience {
  /** A reader that holds a batch, ms. */
  readonly pauseMs: number
  /** A query that is cancelled before its first row, ms. */
  readonly slowMs: number
}

/** Checks of the source role, in the order in which an author should make them pass. */
export const sourceChecks = (patience: Patience): readonly Check<AnySource>[] => [
  {
    title: 'answers a check with one line',
    run: (subject) =>
      withSource(subject, async (source, signal) => {
        assert.match(await source.check(signal), /^[^\n]+$/)
      }),
  },
  {
    title: 'declares forms that fit: it encodes formats exactly when it yields bytes',
    run({ connector }) {
      const capabilities = connector.source?.capabilities
      assert.ok(capabilities !== undefined && capabilities.forms.length > 0, 'it declares no form')
      const encodes = Object.keys(capabilities.encodes).length > 0
      assert.equal(encodes, capabilities.forms.includes('bytes'))
    },
  },
  {
    title: 'yields exactly the rows of every known result, in every form it declares',
    run: (subject) =>
      withSource(subject, async (source, signal) => {
        for (const form of formsOf(subject)) {
          for (const known of subject.cases) {
            if (form !== 'bytes') {
              if (known.rows === undefined) continue
              await using extract = await source.prepare(readRequest(known, form), signal)
              const fields = extract.fields.map(({ name, type }) => ({ name, type }))
              if (known.fields !== undefined) assert.deepEqual(fields, known.fields, known.title)
              assert.deepEqual(await readRows(extract, signal), known.rows, known.title)
              assert.equal(
                extract.rows ?? known.rows.length,
                known.rows.length,
                `${known.title}: its number of rows`,
              )
              continue
            }
            for (const { format, csv, files } of known.bytes ?? []) {
              const output = { format, csv: { ...defaultCsv, ...csv } }
              await using extract = await source.prepare(readRequest(known, form, { output }), signal)
              const read = await readFiles(extract, signal)
              assert.deepEqual([...read.keys()], Object.keys(files), known.title)
              for (const [name, content] of Object.entries(files)) {
                assert.deepEqual(
                  read.get(name)?.toString('latin1'),
                  Buffer.from(content).toString('latin1'),
                  known.title,
                )
              }
            }
          }
          assert.ok(
            subject.cases.some((known) => (form === 'bytes' ? known.bytes : known.rows) !== undefined),
          )
        }
      }),
  },
  {
    title: 'refuses a parameter that is missing, and one that the query does not use',
    run: (subject) =>
      withSource(subject, async (source, signal) => {
        const known = subject.cases.find(({ parameters }) => Object.keys(parameters ?? {}).length > 0)
        assert.ok(known?.parameters !== undefined, 'the test gives no case with parameters')
        const [, ...others] = Object.entries(known.parameters)
        const fewer = { query: known.query, parameters: Object.fromEntries(others) }
        const more = { query: known.query, parameters: { ...known.parameters, nobody_uses_this: 1 } }
        const form = formsOf(subject)[0] ?? 'rows'
        const missing = await refused(subject, source, fewer, form, signal, 'a missing parameter')
        assert.equal(missing.code, 'parameter-missing')
        const unused = await refused(subject, source, more, form, signal, 'an unused parameter')
        assert.equal(unused.code, 'parameter-unknown')
      }),
  },
  {
    title: 'refuses every wrong query before the first row, saying where and what to do',
    run: (subject) =>
      withSource(subject, async (source, signal) => {
        assert.ok(subject.wrongQueries.length > 0, 'the test gives no wrong queries')
        for (const wrong of subject.wrongQueries) {
          const form = formsOf(subject)[0] ?? 'rows'
          const error = await refused(subject, source, wrong, form, signal, wrong.title)
          assert.equal(error.code, wrong.code, `${wrong.title} was refused otherwise: ${error.message}`)
          assert.match(
            error.path ?? '',
            /^(query|parameters)\b/,
            `${error.code} has no path that begins with query`,
          )
        }
      }),
  },
  {
    title: 'keeps the bounds and the form of its batches',
    run: (subject) =>
      withSource(subject, async (source, signal) => {
        for (const form of formsOf(subject)) {
          const request = requestFor(subject, subject.large, form, {
            batchRows: BATCH_ROWS,
            batchBytes: BATCH_BYTES,
          })
          await using extract = await source.prepare(request, signal)
          let total = 0
          for await (const batch of extract.read(signal)) total += assertBounds(extract, batch, form)
          assert.ok(total >= LARGE_BYTES, `the large result has only ${total} bytes: this proves nothing`)
        }
      }),
  },
  {
    title: 'does not read ahead of a slow reader',
    run: (subject) =>
      withSource(subject, async (source, signal) => {
        for (const form of formsOf(subject)) {
          await using extract = await source.prepare(requestFor(subject, subject.large, form), signal)
          const batches = extract.read(signal)[Symbol.asyncIterator]()
          const before = await memoryInUse()
          const first = await batches.next()
          assert.equal(first.done, false)
          await sleep(patience.pauseMs)
          const growth = (await memoryInUse()) - before
          assert.ok(growth <= PAUSED_BYTES, `memory grew by ${growth} bytes while the reader paused`)
          await batches.return?.()
        }
      }),
  },
  {
    title: 'stops within 5 seconds when it is cancelled, by the reason of the signal',
    run: async (subject) => {
      for (const form of formsOf(subject)) {
        await assertStops(subject, subject.large, form, 'after-first-batch', STOP_MS)
        if (subject.slow === undefined) continue
        await assertStops(subject, subject.slow, form, 'before-first-batch', patience.slowMs)
      }
    },
  },
  {
    title: 'yields at most maxRows rows, when it declares so',
    leftOut: ({ connector }) => undeclared(connector.source?.capabilities.limitsRows, 'limitsRows'),
    run: (subject) =>
      withSource(subject, async (source, signal) => {
        for (const form of formsOf(subject)) {
          for (const maxRows of [0, 1, 777]) {
            const request = requestFor(subject, subject.large, form, { maxRows, batchRows: BATCH_ROWS })
            await using extract = await source.prepare(request, signal)
            let rows = 0
            for await (const batch of extract.read(signal)) rows += rowCount(batch) ?? 0
            assert.equal(rows, maxRows)
          }
        }
      }),
  },
  {
    title: 'yields the same rows again, when it declares to be replayable',
    leftOut: ({ connector }) => undeclared(connector.source?.capabilities.replayable, 'replayable'),
    run: (subject) =>
      withSource(subject, async (source, signal) => {
        for (const form of formsOf(subject)) {
          for (const known of subject.cases) {
            assert.deepEqual(
              await contentOf(subject, source, known, form, signal),
              await contentOf(subject, source, known, form, signal),
              known.title,
            )
          }
        }
      }),
  },
  {
    title: 'changes nothing, whatever the query tries, when it declares to be read-only',
    leftOut({ connector, writes }) {
      const capabilities = connector.source?.capabilities
      if (capabilities?.readOnly !== 'enforced') return 'It leaves that to the rights of its user'
      return capabilities.query === 'object' && writes === undefined
        ? 'Its queries have no way to write'
        : undefined
    },
    run: (subject) =>
      withSource(subject, async (source, signal) => {
        const { writes = [], unchanged } = subject
        assert.ok(writes.length > 0 && unchanged !== undefined, 'the test gives no queries that try to write')
        for (const write of writes) {
          for (const form of formsOf(subject)) {
            await contentOf(subject, source, write, form, signal).catch(() => undefined)
            assert.ok(await unchanged(), `${JSON.stringify(write.query)} changed something`)
          }
        }
      }),
  },
  {
    title: 'goes on after a read that was left early',
    run: (subject) =>
      withSource(subject, async (source, signal) => {
        for (const form of formsOf(subject)) {
          {
            await using extract = await source.prepare(requestFor(subject, subject.large, form), signal)
            for await (const batch of extract.read(signal)) if (batch.form === form) break
          }
          const known = subject.cases[0]
          assert.ok(known)
          await within(STOP_MS, 'the next read', contentOf(subject, source, known, form, signal))
        }
      }),
  },
]

function undeclared(isDeclared: boolean | undefined, capability: string): string | undefined {
  return isDeclared === true ? undefined : `It does not declare \`${capability}\``
}

/** @returns the bytes of the batch */
function assertBounds(extract: Extract, batch: Batch, form: Form): number {
  assert.equal(batch.form, form, 'a batch has another form than was asked for')
  const rows = rowCount(batch)
  assert.ok(rows === null || rows <= BATCH_ROWS, `a batch has ${rows} rows of ${BATCH_ROWS}`)
  const bytes = byteCount(batch)
  assert.ok(bytes <= BATCH_BYTES || rows === 1, `a batch has ${bytes} bytes of ${BATCH_BYTES}`)
  if (batch.form === 'columns') {
    assertLayout(extract.fields, batch)
    assert.ok(batch.bytes <= BATCH_BYTES || rows === 1, `a batch says that it has ${batch.bytes} bytes`)
  }
  return bytes
}

async function assertStops(
  subject: AnySource,
  query: Query,
  form: Form,
  when: 'after-first-batch' | 'before-first-batch',
  abortAfterMs: number,
): Promise<void> {
  await withSource(subject, async (source) => {
    const stop = new AbortController()
    const reason = new Error('the test stops it')
    let aborted = Date.now()
    const abort = () => {
      aborted = Date.now()
      stop.abort(reason)
    }
    const reading = (async () => {
      await using extract = await source.prepare(requestFor(subject, query, form), stop.signal)
      for await (const batch of extract.read(stop.signal)) {
        assert.equal(batch.form, form)
        if (when === 'after-first-batch') abort()
      }
    })()
    // Abort once it is at work; a query that answers at once was no slow one.
    const timer = setTimeout(abort, abortAfterMs)
    try {
      const ended = reading.then(
        () => assert.fail('it went on to its end'),
        (error: unknown) => error,
      )
      const error = await within(2 * STOP_MS, 'stopping', ended)
      assert.equal(error, reason, `it ended by ${String(error)}, not by the reason of the signal`)
      assert.ok(Date.now() - aborted <= STOP_MS, 'it stopped too late')
    } finally {
      clearTimeout(timer)
    }
  })
}

/** Bytes that JavaScript holds, buffers included, after its garbage is gone. */
async function memoryInUse(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  let least = Infinity
  // Buffers are given back by a thread of their own, some time after they were found to be garbage.
  for (let round = 0; round < 3; round++) {
    collect()
    await sleep(5)
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    least = Math.min(least, heapUsed + arrayBuffers)
  }
  return least
}
