import assert from 'node:assert/strict'
import type { ConnectionLimits } from '../context.ts'
import { errorKinds, isBulkheadError, type BulkheadError } from '../errors.ts'
import { testContext, type TestContext } from './test-context.ts'
import type { Subject } from './subject.ts'

/** The promise of every role: what was asked to stop has stopped after so long. */
export const STOP_MS = 5_000

/** Codes of the SDK's own binders and of cancellation; all others carry the connector's name. */
const sdkCodes = ['parameter-missing', 'parameter-unknown', 'query-invalid', 'cancelled']

/** Runs with a context of the subject's settings, which is removed afterwards. */
export async function withContext<Config>(
  subject: Subject<Config>,
  run: (context: TestContext<Config>, signal: AbortSignal) => Promise<void>,
  config: unknown = subject.config,
  limits: Partial<ConnectionLimits> = {},
): Promise<void> {
  await using context = testContext({
    ...subject.context,
    config: subject.connector.config.parse(config),
    limits: { ...subject.context?.limits, ...limits },
  })
  await run(context, context.signal)
}

/** That something fails by an error that the connector registered, with a fix. @returns the error */
export async function expectFailure<Config>(
  subject: Subject<Config>,
  what: string,
  run: () => Promise<unknown>,
): Promise<BulkheadError> {
  const error = await run().then(
    () => assert.fail(`${what} was accepted`),
    (reason: unknown) => reason,
  )
  assert.ok(isBulkheadError(error), `${what} failed by ${String(error)}, which is no BulkheadError`)
  assert.ok(errorKinds.includes(error.kind), `${error.kind} is no kind of error`)
  const registered = subject.connector.errors.find((known) => known.code === error.code)
  if (registered === undefined) {
    assert.ok(sdkCodes.includes(error.code), `the code ${error.code} is not among the connector's errors`)
  } else {
    assert.equal(
      error.kind,
      registered.kind,
      `${error.code} is thrown with another kind than it is registered with`,
    )
  }
  assert.ok((error.fix ?? '') !== '', `${error.code} does not say what to do`)
  assert.doesNotMatch(error.message, /\.$/, `the message of ${error.code} ends with a full stop`)
  return error
}

/** That a promise settles in time. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new assert.AssertionError({ message: `${what} took longer than ${ms} ms` })),
      ms,
    )
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
