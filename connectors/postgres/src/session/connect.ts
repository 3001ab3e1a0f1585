import { sizeInBytes, type ConnectionContext } from '@bulkhead/connector-sdk'
import { isLoopback } from '@bulkhead/connector-sdk/network'
import { type Config } from '../config.ts'
import { Connection } from '../wire/connection.ts'
import { connectError } from './connect-error.ts'
import { type LoggedIn, login } from './login.ts'
import { openSocket } from './open-socket.ts'
import { Session } from './session.ts'
import type { Target } from './target.ts'

/** How much later than the server we give up on a query: it should be the one to end it. */
const graceMs = 10_000
/** The server keeps so many bytes of the name of an application. */
const nameBytes = 63

/**
 * Opens a session within `limits.connectTimeoutMs`.
 * @throws BulkheadError of kind auth, config or transient; the signal's reason
 */
export async function connect(
  target: Target,
  context: ConnectionContext<Config>,
  signal: AbortSignal,
): Promise<Session> {
  const { config, limits } = context
  const deadline = AbortSignal.timeout(limits.connectTimeoutMs)
  const either = AbortSignal.any([signal, deadline])
  try {
    const transport = await openSocket(target, either)
    const password = await target.password(either)
    const connection = new Connection(transport, sizeInBytes(config.maxRowSize), {
      message: () => undefined,
      copyData: () => true,
      failed: () => undefined,
    })
    const loggedIn = await whileNotAborted(connection, either, () =>
      login(connection, {
        user: config.user,
        database: config.database,
        password,
        applicationName: applicationName(config.applicationName, context),
        clearPassword: target.tls !== undefined || isLoopback(config.host),
      }),
    )
    return new Session(connection, loggedIn, {
      target,
      answerWithinMs: Math.min(2_147_483_647, limits.queryTimeoutMs + graceMs),
    })
  } catch (error) {
    signal.throwIfAborted()
    throw connectError(error, config, deadline.aborted)
  }
}

async function whileNotAborted(
  connection: Connection,
  signal: AbortSignal,
  action: () => Promise<LoggedIn>,
): Promise<LoggedIn> {
  const abort = (): void => connection.destroy(signal.reason)
  signal.throwIfAborted()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await action()
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/**
 * Makes a session of an earlier run as a new one is: nothing of that run is left in it, and it has the name of this one.
 * @returns false when it cannot be used any more; then it is ended
 */
export async function renew(
  session: Session,
  context: ConnectionContext<Config>,
  signal: AbortSignal,
): Promise<boolean> {
  const { config, limits } = context
  if (!session.usable) return false
  const either = AbortSignal.any([signal, AbortSignal.timeout(limits.connectTimeoutMs)])
  const stop = (): void => void session.end()
  either.addEventListener('abort', stop, { once: true })
  try {
    const name = applicationName(config.applicationName, context)
    await session.run([
      // alone in its transaction, as the first of the sequence
      { run: 'DISCARD ALL' },
      { run: `SELECT set_config('application_name', $1, false)`, values: [name] },
    ])
    return session.usable
  } catch {
    await session.end()
    return false
  } finally {
    either.removeEventListener('abort', stop)
  }
}

/** The run is kept whole: it is what an administrator searches for. */
function applicationName(prefix: string, { application, runId }: ConnectionContext<Config>): string {
  const left = Math.max(0, nameBytes - Buffer.byteLength(prefix) - Buffer.byteLength(runId) - 2)
  return [prefix, application.slice(0, left), runId].join(' ')
}
