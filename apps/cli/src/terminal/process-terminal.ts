import { constants } from 'node:os'
import process from 'node:process'
import { Writable } from 'node:stream'
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
  let stoodBy = false
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
      askHidden: process.stdin.isTTY ? (question) => askHidden(question, stopping.signal) : undefined,
      output: channel(process.stdout),
      messages: channel(process.stderr),
      environment: process.env,
      folder: process.cwd(),
      signal: stopping.signal,
      standByExitCode: () => void (stoodBy = true),
    },
    exitCodeOfSignal: () => (stoodBy ? undefined : exitCode),
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

/** What is typed goes nowhere but to the caller. */
async function askHidden(question: string, signal: AbortSignal): Promise<string> {
  const { createInterface } = await import('node:readline/promises')
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const line = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 })
  // while lines are read the terminal sends no signals by itself
  line.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  process.stderr.write(question)
  try {
    return await line.question('', { signal })
  } finally {
    line.close()
    process.stderr.write('\n')
  }
}

function stopError(signal: string): Error {
  return new DOMException(`Stopped by ${signal}`, 'AbortError')
}
