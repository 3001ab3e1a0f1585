import type { Style } from './style.ts'

/** What a command sees of the world around it: its streams, its folder, its environment, the wish to stop. */
export interface Terminal {
  readonly input: AsyncIterable<Uint8Array | string>
  /** Asks a person for a line that is not shown; undefined when standard input is no terminal. */
  readonly askHidden: ((question: string) => Promise<string>) | undefined
  /** Standard output: the answer, and nothing else. */
  readonly output: Channel
  /** Standard error: progress, logs, errors. */
  readonly messages: Channel
  /** The runner takes variables with secrets out of it (I6). */
  readonly environment: NodeJS.ProcessEnv
  /** Folder in which the command was started. */
  readonly folder: string
  /** Aborts at the first SIGINT, SIGTERM or SIGHUP; the reason is a `cancelled` error. */
  readonly signal: AbortSignal
  /** The exit code that comes says what is to be said, also after a signal. */
  readonly standByExitCode?: () => void
}

export interface Channel {
  write(text: string): void
  /** A person looks at it: a line may be written over. */
  readonly interactive: boolean
  /** Characters a line. */
  readonly columns: number
  readonly style: Style
}
