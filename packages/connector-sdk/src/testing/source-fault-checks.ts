import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Form } from '../batch.ts'
import type { Source } from '../source.ts'
import { expectFailure, within } from './expect.ts'
import { withProxy, type FaultPatience } from './fault-checks.ts'
import type { Proxy } from './proxy.ts'
import { type AnySource, contentOf, formsOf, requestFor, withSource } from './source-reading.ts'
import { type Check, given, reasonOf } from './subject.ts'

/** How long the checks let a source work before they look, ms. */
export interface SourceFaultPatience extends FaultPatience {
  /** A reader that holds a batch. */
  readonly pauseMs: number
  /** A query that is cancelled before its first row. */
  readonly slowMs: number
}

/** What may be on its way when a reader pauses: batches of the source, buffers of four sockets. */
const ON_ITS_WAY = 0.8
const SLOW_BYTES_PER_SECOND = 20_000
const SLOW_DELAY_MS = 20

/** Checks of the source role when the network, or its reader, is not as it should be. */
export const sourceFaultChecks = (patience: SourceFaultPatience): readonly Check<AnySource>[] => [
  {
    title: 'reads the same over a slow network that tears every answer apart',
    leftOut: ({ network }) => reasonOf('network', network),
    run: (subject) =>
      overProxy(subject, async (source, proxy, signal) => {
        const [known] = subject.cases
        assert.ok(known)
        for (const form of formsOf(subject)) {
          proxy.delay(0)
          proxy.throttle(undefined)
          const content = await contentOf(subject, source, known, form, signal)
          proxy.delay(SLOW_DELAY_MS)
          proxy.throttle(SLOW_BYTES_PER_SECOND)
          assert.deepEqual(await contentOf(subject, source, known, form, signal), content, known.title)
        }
      }),
  },
  {
    title: 'lets the system wait when its reader pauses',
    leftOut: ({ network }) => reasonOf('network', network),
    run: async (subject) => {
      for (const form of formsOf(subject)) {
        await overProxy(subject, async (source, proxy, signal) => {
          let taken = 0
          await readLarge(subject, source, form, signal, async () => {
            taken = await whenStill(() => proxy.bytesToClient, patience.pauseMs)
          })
          const all = proxy.bytesToClient
          const message = `${taken} of ${all} bytes were taken while the reader paused; if buffers of the machine are so large, \`large\` must be larger`
          assert.ok(taken <= all * ON_ITS_WAY, message)
        })
      }
    },
  },
  {
    title: 'fails by kind transient when its connection is cut, and never ends early',
    leftOut: ({ network }) => reasonOf('network', network),
    run: async (subject) => {
      for (const form of formsOf(subject)) {
        await overProxy(subject, async (source, proxy, signal) => {
          const reading = expectFailure(subject, 'a result whose second half never came', () =>
            readLarge(subject, source, form, signal, async () => {
              proxy.refuse(true)
              proxy.cut()
            }),
          )
          const error = await within(2 * patience.stopMs, 'noticing that the connection is gone', reading)
          assert.equal(error.kind, 'transient', `${error.code} is of kind ${error.kind}`)
        })
      }
    },
  },
  {
    title: 'stops within 5 seconds when it is cancelled, also when the system is silent',
    leftOut: ({ network }) => reasonOf('network', network),
    run: async (subject) => {
      for (const form of formsOf(subject)) {
        await overProxy(subject, async (source, proxy) => {
          const stop = new AbortController()
          const reason = new Error('the test stops it')
          const reading = readLarge(subject, source, form, stop.signal, async () => {
            proxy.silence()
            stop.abort(reason)
          }).then(
            () => assert.fail('it went on to its end'),
            (error: unknown) => error,
          )
          const error = await within(patience.stopMs + patience.slowMs, 'stopping', reading)
          assert.equal(error, reason, `it ended by ${String(error)}, not by the reason of the signal`)
        })
      }
    },
  },
  {
    title: 'leaves the system without work once it is cancelled',
    leftOut: ({ atWork }) => reasonOf('atWork', atWork),
    run: (subject) =>
      withSource(subject, async (source) => {
        const atWork = given('atWork', subject.atWork)
        const { slow } = subject
        assert.ok(slow, 'the test gives no slow query')
        const [form] = formsOf(subject)
        assert.ok(form)
        const stop = new AbortController()
        const reading = (async () => {
          await using extract = await source.prepare(requestFor(subject, slow, form), stop.signal)
          for await (const batch of extract.read(stop.signal)) assert.equal(batch.form, form)
        })().catch((error: unknown) => error)
        await until(atWork, true, patience, 'the system never worked on the slow query')
        stop.abort(new Error('the test stops it'))
        await until(atWork, false, patience, 'the system still works on what was cancelled')
        await within(patience.stopMs, 'stopping', reading)
      }),
  },
]

/** Opens the source through a proxy of its own, closed in time whatever became of the network. */
async function overProxy(
  subject: AnySource,
  run: (source: Source, proxy: Proxy, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  await withProxy(given('network', subject.network), (proxy, config) =>
    withSource(subject, (source, signal) => run(source, proxy, signal), config),
  )
}

/** Reads the large result, and calls back after its first batch. */
async function readLarge(
  subject: AnySource,
  source: Source,
  form: Form,
  signal: AbortSignal,
  afterFirst: () => Promise<void>,
): Promise<void> {
  await using extract = await source.prepare(requestFor(subject, subject.large, form), signal)
  let batches = 0
  for await (const batch of extract.read(signal)) {
    assert.equal(batch.form, form)
    if (batches++ === 0) await afterFirst()
  }
}

/**
 * What a count has come to when it stood still for two looks in a row: one pause may have been that of a busy
 * machine. A system that goes on and on is asked often enough.
 */
async function whenStill(count: () => number, ms: number): Promise<number> {
  let still = 0
  let last = count()
  for (let round = 0; round < 100 && still < 2; round++) {
    await sleep(ms)
    const now = count()
    still = now === last ? still + 1 : 0
    last = now
  }
  return last
}

async function until(
  ask: () => Promise<boolean>,
  wanted: boolean,
  { stopMs }: FaultPatience,
  otherwise: string,
): Promise<void> {
  const deadline = Date.now() + stopMs
  while ((await ask()) !== wanted) {
    assert.ok(Date.now() < deadline, otherwise)
    await sleep(20)
  }
}
