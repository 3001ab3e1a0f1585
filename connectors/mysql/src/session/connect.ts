import { randomBytes } from 'node:crypto'
import { sizeInBytes, type ConnectionContext } from '@bulkhead/connector-sdk'
import { isLoopback } from '@bulkhead/connector-sdk/network'
import { type Config, tlsMode } from '../config.ts'
import { clientCapabilities } from '../wire/capabilities.ts'
import { Connection } from '../wire/connection.ts'
import type { Greeting } from '../wire/server-packets.ts'
import { connectError } from './connect-error.ts'
import { killQuery } from './kill.ts'
import { login } from './login.ts'
import { openSocket } from './open-socket.ts'
import { Session } from './session.ts'
import type { Target } from './target.ts'

/** A session, and what is known of it from the start. */
export interface Connected {
  readonly session: Session
  readonly greeting: Greeting
  /** A comment for the queries of this session, by which administrators and `killQuery` know them. */
  readonly comment: string
}

/** How much later than the server we give up on a query: it should be the one to end it. */
const graceMs = 10_000

/**
 * Opens a session within `limits.connectTimeoutMs`.
 * @throws BulkheadError of kind auth, config or transient; the signal's reason
 */
export async function connect(
  target: Target,
  context: ConnectionContext<Config>,
  signal: AbortSignal,
): Promise<Connected> {
  const { config, limits, application, runId } = context
  const deadline = AbortSignal.timeout(limits.connectTimeoutMs)
  const either = AbortSignal.any([signal, deadline])
  try {
    const transport = await openSocket(target, either)
    const password = await target.password(either)
    const connection = new Connection(transport, sizeInBytes(config.maxRowSize), {
      payload: () => true,
      failed: () => undefined,
    })
    const encrypted = target.tls !== undefined
    await whileNotAborted(connection, either, () =>
      login(connection, transport, {
        user: config.user,
        database: config.database,
        password,
        attributes: {
          program_name: config.applicationName,
          bulkhead_application: application,
          bulkhead_run: runId,
        },
        protection: {
          encrypted,
          trusted: isLoopback(config.host) || tlsMode(config).startsWith('verify'),
        },
      }),
    )
    const { greeting } = transport
    const token = randomBytes(9).toString('hex')
    // The name may stand for several servers: another one would not know this session.
    const server = { ...target, host: connection.socket.remoteAddress ?? target.host }
    const session = new Session(connection, {
      capabilities: clientCapabilities(greeting.capabilities, encrypted),
      answerWithinMs: Math.min(2_147_483_647, limits.queryTimeoutMs + graceMs),
      kill: (patience) =>
        killQuery(() => connect(server, context, patience), greeting.threadId, token, patience),
    })
    return { session, greeting, comment: commentOf([config.applicationName, application, runId, token]) }
  } catch (error) {
    signal.throwIfAborted()
    throw connectError(error, config, deadline.aborted)
  }
}

async function whileNotAborted(
  connection: Connection,
  signal: AbortSignal,
  action: () => Promise<void>,
): Promise<void> {
  const abort = (): void => connection.destroy(signal.reason)
  signal.throwIfAborted()
  signal.addEventListener('abort', abort, { once: true })
  try {
    await action()
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Nothing in it can end the comment. */
function commentOf(words: readonly string[]): string {
  return `/* ${words.map((word) => word.replaceAll(/[^\w.-]/g, '_')).join(' ')} */`
}
