/** What figures were measured on, because they mean nothing without. */
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryBytes: number
  readonly system: string
  readonly node: string
}

export function describeMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    node: process.version,
  }
}

/** How many cores are at work while this process waits: those of others. Undefined where there is no /proc. */
export async function busyCores(overMs: number): Promise<number | undefined> {
  const before = processorTimes()
  await sleep(overMs)
  const after = processorTimes()
  if (before === undefined || after === undefined) return undefined
  const total = after.total - before.total
  return total === 0 ? 0 : ((after.busy - before.busy) / total) * cpus().length
}

function processorTimes(): { readonly busy: number; readonly total: number } | undefined {
  try {
    const line = readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? ''
    const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, interrupt = 0, soft = 0, steal = 0] = line
      .split(/\s+/)
      .slice(1)
      .map(Number)
    const busy = user + nice + system + interrupt + soft + steal
    return { busy, total: busy + idle + wait }
  } catch {
    return undefined
  }
}
