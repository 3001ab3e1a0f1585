import type { Readable } from 'node:stream'
import type { Log } from '@bulkhead/connector-sdk'

/** Longer lines are cut, and more lines a second are counted and left out (I8). */
const longestLine = 4_000
const mostLinesASecond = 50
/** Of what was said last, for the reason of an exit. */
const lastBytes = 4_000

/** What a runner writes to its standard output and error. */
export interface ChildOutput {
  /** The last of it. */
  readonly last: string
  /** Lines that were left out so far. */
  readonly leftOut: number
}

/**
 * Reads it into the server's log. A runner's own lines are JSON; everything else comes from native code, from Node
 * at its end, or from code that passes by the console.
 */
export function readChildOutput(
  streams: readonly Readable[],
  log: Log,
  details: Readonly<Record<string, unknown>>,
): ChildOutput {
  let last = ''
  let second = 0
  let lines = 0
  let leftOut = 0
  let allLeftOut = 0

  function take(line: string): void {
    last = `${last}${line.slice(0, longestLine)}\n`.slice(-lastBytes)
    const now = Math.floor(performance.now() / 1000)
    if (now !== second) {
      if (leftOut > 0) log.warn('A runner wrote more than is kept', { ...details, leftOut })
      second = now
      lines = 0
      leftOut = 0
    }
    if (++lines <= mostLinesASecond) return tell(line)
    leftOut++
    allLeftOut++
  }

  function tell(line: string): void {
    const told = runnerLine(line)
    if (told === undefined) log.info(line.slice(0, longestLine), { ...details, output: true })
    else log[told.level](told.message, { ...details, ...told.fields })
  }

  for (const stream of streams) {
    let rest = ''
    stream.setEncoding('utf8').on('data', (text: string) => {
      const found = (rest + text).split('\n')
      rest = (found.pop() ?? '').slice(0, 4 * longestLine)
      found.forEach(take)
    })
    stream.on('end', () => rest !== '' && take(rest))
    stream.on('error', () => undefined)
  }
  return {
    get last() {
      return last
    },
    get leftOut() {
      return allLeftOut
    },
  }
}

interface RunnerLine {
  readonly level: keyof Log
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

function runnerLine(line: string): RunnerLine | undefined {
  if (!line.startsWith('{"level":') || line.length > 4 * longestLine) return undefined
  try {
    const { level, message, fields } = JSON.parse(line) as Record<string, unknown>
    if ((level !== 'debug' && level !== 'info' && level !== 'warn') || typeof message !== 'string')
      return undefined
    const known =
      typeof fields === 'object' && fields !== null ? (fields as Readonly<Record<string, unknown>>) : {}
    return { level, message: message.slice(0, longestLine), fields: known }
  } catch {
    return undefined
  }
}
