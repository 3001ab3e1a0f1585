import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Form } from '../batch.ts'
import type { Source } from '../source.ts'
import { expectFailure, STOP_MS, within } from './expect.ts'
import { type AnySource, byteCount, formsOf, requestFor, rowCount, withSource } from './source-reading.ts'
import type { SourceSubject } from './subject.ts'

/** A source whose system the test may stop and start: a server of its own. */
export interface RestartSubject<Config> extends Pick<
  SourceSubject<Config>,
  'connector' | 'config' | 'context' | 'large'
> {
  /** As its administrator would: connections end, and nobody answers. */
  readonly stop: () => Promise<void>
  /** With the same data, at the same address; resolves when it answers. */
  readonly start: () => Promise<void>
  /** What a read becomes that the restart interrupts: an error by a code, or the same result by going on where it was. */
  readonly interrupted: 'resumes' | { readonly code: string }
}

/** How long the checks let a source look for its system, ms. */
export interface RestartPatience {
  /** What `limits.connectTimeoutMs` is set to. */
  readonly connectMs: number
  /** After that it must have given up; and a read that resumes must be at its end so long after the start. */
  readonly stopMs: number
}

/**
 * That a source whose system is restarted while it reads fails by kind transient or resumes; that a read fails so
 * too while the system is down; and that the same connection reads again once it is back.
 *
 * @throws AssertionError that says what of it is not so
 */
export async function checkRestart<Config>(
  subject: RestartSubject<Config>,
  patience: RestartPatience = { connectMs: 1_000, stopMs: STOP_MS },
): Promise<void> {
  const erased: RestartSubject<unknown> = subject
  for (const form of formsOf(sourceOf(erased, patience))) await restarted(erased, form, patience)
}

/** What the helpers of reading take: they look at nothing else. */
function sourceOf(subject: RestartSubject<unknown>, { connectMs }: RestartPatience): AnySource {
  const { connector, config, context, large } = subject
  const limits = { ...context?.limits, connectTimeoutMs: connectMs }
  const none = { cases: [], wrongQueries: [], wrongConfigs: [] }
  return { connector, config, context: { ...context, limits }, large, ...none }
}

async function restarted(
  subject: RestartSubject<unknown>,
  form: Form,
  patience: RestartPatience,
): Promise<void> {
  const known = sourceOf(subject, patience)
  const { connectMs, stopMs } = patience
  await withSource(known, async (source, signal) => {
    const whole = await read(known, source, form, signal)
    let starting: Promise<void> | undefined
    const reading = (): Promise<Read> =>
      read(known, source, form, signal, async () => {
        await subject.stop()
        if (subject.interrupted === 'resumes') starting = subject.start()
      })
    try {
      if (subject.interrupted === 'resumes') {
        assert.deepEqual(await within(6 * stopMs, 'resuming', reading()), whole, 'it resumed wrongly')
      } else {
        const interrupted = expectFailure(known, 'a result whose second half never came', reading)
        const error = await within(6 * stopMs, 'noticing that the system is gone', interrupted)
        assert.equal(error.kind, 'transient', `${error.code} is of kind ${error.kind}`)
        assert.equal(error.code, subject.interrupted.code, `it failed otherwise: ${error.message}`)
        const down = expectFailure(known, 'a result of a system that is down', () =>
          read(known, source, form, signal),
        )
        const nobody = await within(connectMs + stopMs, 'finding nobody there', down)
        assert.equal(nobody.kind, 'transient', `while it is down, ${nobody.code} is of kind ${nobody.kind}`)
      }
    } finally {
      await (starting ?? subject.start())
    }
    const again = await read(known, source, form, signal).catch((error: unknown) => {
      throw new assert.AssertionError({
        message: `its connection does not recover: ${error instanceof Error ? error.message : String(error)}`,
      })
    })
    assert.deepEqual(again, whole, 'it reads something else once the system is back')
  })
}

/** What was read, as far as two reads must have it in common. */
interface Read {
  readonly rows: number
  readonly bytes: number
  /** Of the bytes that it wrote itself. */
  readonly digest: string
}

async function read(
  subject: AnySource,
  source: Source,
  form: Form,
  signal: AbortSignal,
  afterFirst?: () => Promise<void>,
): Promise<Read> {
  await using extract = await source.prepare(requestFor(subject, subject.large, form), signal)
  const digest = createHash('sha256')
  let [batches, rows, bytes] = [0, 0, 0]
  for await (const batch of extract.read(signal)) {
    rows += Number(rowCount(batch) ?? 0)
    bytes += byteCount(batch)
    if (batch.form === 'bytes') digest.update(batch.bytes)
    if (batches++ === 0) await afterFirst?.()
  }
  assert.ok(batches > 1, 'the result came in one batch: this proves nothing')
  return { rows, bytes, digest: digest.digest('hex') }
}
