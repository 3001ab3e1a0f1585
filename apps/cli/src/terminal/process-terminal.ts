import { constants } from 'node:os'
import process from 'node:process'
import { chooseStyle } from './style.ts'
import type { Channel, Terminal } from './terminal.ts'

const BROKEN_PIPE_EXIT = 128 + constants.signals.SIGPIPE

/** The terminal of this process: its streams, and its signals as one wish to stop. */
export function processTerminal(): {
  readonly terminal: Terminal
  /** 128 + n when signal n asked to stop. */
  readonly exitCodeOfSignal: () => number | undefined
} {
  const stopping = new AbortController()
  let exitCode: number | undefined
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (exitCode !== undefined) process.exit(128 + constants.signals[signal]) // asked twice: at once
      exitCode = 128 + constants.signals[signal]
      stopping.abort(stopError(signal))
    })
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // The reader went away (`| head`): that is its right, and no news.
      process.exit(error.code === 'EPIPE' ? BROKEN_PIPE_EXIT : 1)
    })
  return {
    terminal: {
      input: process.stdin,
      output: channel(process.stdout),
      messages: channel(process.stderr),
      environment: process.env,
      folder: process.cwd(),
      signal: stopping.signal,
    },
    exitCodeOfSignal: () => exitCode,
  }
}

function channel(stream: NodeJS.WriteStream): Channel {
  const interactive = stream.isTTY
  return {
    write: (text) => void stream.write(text),
    interactive,
    get columns() {
      return interactive ? stream.columns : Number.POSITIVE_INFINITY
    },
    style: chooseStyle(interactive, process.env),
  }
}

function stopError(signal: string): Error {
  return new DOMException(`Stopped by ${signal}`, 'AbortError')
}
