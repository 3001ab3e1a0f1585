import type { Connected } from './connect.ts'

/**
 * Stops a query at the server, over a session of its own, and with it the session that runs it. Does
 * nothing when the thread does not run that query (any more): behind a name or a proxy may be other
 * servers, on which the same number is somebody else's.
 * @param token  stands in a comment of the query; hexadecimal digits
 */
export async function killQuery(
  connect: () => Promise<Connected>,
  threadId: number,
  token: string,
  patience: AbortSignal,
): Promise<void> {
  const { session } = await connect()
  const giveUp = (): void => session.abandon()
  patience.addEventListener('abort', giveUp, { once: true })
  try {
    const running = await session.run(
      `SELECT id FROM information_schema.processlist WHERE id = ${threadId} AND info LIKE '%${token}%'`,
    )
    if (running.length > 0) await session.run(`KILL ${threadId}`)
  } finally {
    patience.removeEventListener('abort', giveUp)
    await session.end()
  }
}
