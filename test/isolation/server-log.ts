/** What a server writes, of which the last lines are kept: a flood must not become the test's own. */
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

export interface ServerLog {
  /** How many lines there were. */
  end(): number
  /** Lines from such an end on, as far as they are kept. */
  since(end: number): readonly string[]
  last(count: number): readonly string[]
  bytes(): number
  onLine(listener: (line: string) => void): void
}

const mostLines = 20_000

export function keepLog(stream: Readable): ServerLog {
  const listeners: ((line: string) => void)[] = []
  let lines: string[] = []
  let dropped = 0
  let bytes = 0
  stream.on('data', (part: Buffer) => void (bytes += part.length))
  createInterface({ input: stream }).on('line', (line) => {
    if (lines.length === 2 * mostLines) {
      lines = lines.slice(mostLines)
      dropped += mostLines
    }
    lines.push(line)
    for (const listener of listeners) listener(line)
  })
  return {
    end: () => dropped + lines.length,
    since: (end) => lines.slice(Math.max(0, end - dropped)),
    last: (count) => lines.slice(-count),
    bytes: () => bytes,
    onLine: (listener) => void listeners.push(listener),
  }
}
