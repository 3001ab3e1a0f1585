/** Orders to whichever process comes by an instant first: files in a folder that `kill-agent.ts` looks into. */
import { existsSync, readFileSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Moment } from '@bulkhead/engine/observe/moments'

/** `hold`: stand still until the file of the order is gone, while something else is done to it. */
export type Act = 'SIGKILL' | 'SIGSTOP' | 'hold'

/** What an agent writes before it obeys. */
export interface Obeyed {
  readonly id: number
  readonly moment: Moment
  readonly act: Act
  readonly pid: number
}

export interface Orders {
  /**
   * Has whoever comes by obey. @returns undefined when nobody came in time; the order is withdrawn then
   * @param meanwhile  done to a process that stands still for `hold`
   */
  give(moment: Moment, act: Act, meanwhile?: () => void): Promise<Obeyed | undefined>
  /** Lets whoever was frozen go on, also where nobody knew of it in time. */
  thawAll(): Promise<void>
}

/** An order that nobody came by to take is withdrawn after this. */
const orderMs = 60_000
/** Longer than a lease. */
const frozenMs = 5_000

/** @param signal  ends waiting for somebody to come by */
export function ordersIn(folder: string, signal: AbortSignal): Orders {
  const thawed = new Set<number>()
  const frozen = new Set<Promise<void>>()
  let last = 0

  /** Whole lines only. */
  const obeyed = (): readonly Obeyed[] => {
    const file = join(folder, 'obeyed')
    if (!existsSync(file)) return []
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
    return lines.map((line) => JSON.parse(line) as Obeyed)
  }

  function thaw({ id, pid }: Obeyed): void {
    thawed.add(id)
    try {
      process.kill(pid, 'SIGCONT')
    } catch {
      // its server ended it meanwhile
    }
  }

  async function freeze(line: Obeyed): Promise<void> {
    await sleep(frozenMs, undefined, { signal }).catch(() => undefined)
    thaw(line)
  }

  return {
    async give(moment, act, meanwhile) {
      const id = ++last
      const file = join(folder, `${moment}.order`)
      // Under its name only when it is whole: who takes it reads it at once.
      await writeFile(`${file}.new`, JSON.stringify({ id, act }))
      await rename(`${file}.new`, file)
      const deadline = performance.now() + orderMs
      // Between its taking and its line there is an instant; the line says that it was obeyed, and by whom.
      const find = (): Obeyed | undefined => obeyed().find((line) => line.id === id)
      let line = find()
      while (line === undefined && performance.now() < deadline && !signal.aborted) {
        await sleep(20)
        line = find()
      }
      await rm(file, { force: true })
      // taken just before it was withdrawn: its line has another number than the next order's
      line ??= find()
      if (line === undefined) return undefined
      meanwhile?.()
      if (act === 'hold') await rm(join(folder, `${moment}.taken.${line.pid}`), { force: true })
      if (act === 'SIGSTOP') {
        const over = freeze(line).finally(() => frozen.delete(over))
        frozen.add(over)
      }
      return line
    },
    async thawAll() {
      await Promise.all(frozen)
      for (const line of obeyed()) if (line.act === 'SIGSTOP' && !thawed.has(line.id)) thaw(line)
    },
  }
}
