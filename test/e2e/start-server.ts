import { join } from 'node:path'
import { type Ended, type Started, startBulkhead, temporaryFolder } from './command.ts'
import { until } from './until.ts'

/** `bulkhead up` as a process of its own, on free ports and without tokens; it ends with the test. */

export interface ServerOptions {
  /** Its working folder, and where its state lies; else one of its own. Two that use one folder after each other share their state. */
  readonly folder?: string
  /** Added to the environment. */
  readonly environment?: Readonly<Record<string, string>>
  /** How it ends with the test; as a user ends it, unless a test wants it gone at once. */
  readonly lastSignal?: NodeJS.Signals
}

export interface StartedServer extends Started {
  readonly url: string
  /** What it has written so far, of both streams. */
  readonly told: () => string
  /** As a user does; resolves when it is gone. */
  readonly stop: () => Promise<Ended>
}

export async function startServer(
  t: { after(action: () => void | Promise<void>): void },
  apps: string,
  { folder = temporaryFolder(t), environment = {}, lastSignal = 'SIGTERM' }: ServerOptions = {},
): Promise<StartedServer> {
  const started = startBulkhead(['up', '--apps', apps], {
    folder,
    environment: {
      BULKHEAD_PLATFORM__AUTH__TOKENS: 'off',
      BULKHEAD_PLATFORM__HTTP__PORT: '0',
      BULKHEAD_PLATFORM__FILES__PORT: '0',
      XDG_STATE_HOME: join(folder, 'state'),
      ...environment,
    },
  })
  const end = async (signal: NodeJS.Signals): Promise<Ended> => {
    started.child.kill(signal)
    return await started.ended
  }
  t.after(() => end(lastSignal).then(() => undefined))
  let told = ''
  for (const stream of [started.child.stdout, started.child.stderr])
    stream?.on('data', (bytes: Buffer) => void (told += bytes.toString()))
  const url = await until('the server', () => /"url":"(https?:[^"]+)"/.exec(told)?.[1])
  return { ...started, url, told: () => told, stop: () => end('SIGTERM') }
}
