/** The memory of a process and of all that it starts, as Linux counts it. */
import { readdirSync, readFileSync } from 'node:fs'

/**
 * Watches a process and its descendants. Memory is RSS, summed over the processes: pages that several of
 * them share are counted for each, so that the sum errs upwards and never down.
 *
 * A sum is seen when it is sampled. For a single process the kernel keeps the peak itself (`VmHWM`), so
 * that nothing between two samples is missed of the common case, a tree of one.
 */
export class ProcessTree {
  readonly #known = new Set<number>()
  #peakBytes = 0

  constructor(root: number) {
    this.#known.add(root)
  }

  /** The largest memory seen so far. */
  get peakBytes(): number {
    return this.#peakBytes
  }

  /**
   * Seconds of user and system time that all processes used since they began, those included that ended and were
   * waited for.
   */
  cpuSeconds(): number {
    this.sample()
    return [...this.#known].reduce((sum, pid) => sum + cpuOf(pid), 0)
  }

  /** Looks at all processes once, in well under a millisecond each. */
  sample(): void {
    let sum = 0
    // a set is walked together with what is added meanwhile: children of children are found at once
    for (const pid of this.#known) {
      const memory = memoryOf(pid)
      if (memory === undefined) {
        this.#known.delete(pid)
        continue
      }
      sum += memory.residentBytes
      this.#peakBytes = Math.max(this.#peakBytes, memory.peakBytes)
      for (const child of childrenOf(pid)) this.#known.add(child)
    }
    this.#peakBytes = Math.max(this.#peakBytes, sum)
  }
}

/** Linux counts in hundredths of a second for every program, whatever the kernel itself uses. */
const ticksPerSecond = 100

/** User and system time of a process and of all children that it waited for; 0 for one that is gone. */
function cpuOf(pid: number): number {
  const line = read(`/proc/${pid}/stat`)
  // behind the name, which may hold blanks and brackets, field 3 comes first; 14 to 17 are the times
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return Number.isNaN(ticks) ? 0 : ticks / ticksPerSecond
}

/** @returns undefined for a process that is gone, or dead and not yet waited for */
function memoryOf(pid: number): { readonly residentBytes: number; readonly peakBytes: number } | undefined {
  const status = read(`/proc/${pid}/status`)
  const resident = kibibytes(status, 'VmRSS')
  const peak = kibibytes(status, 'VmHWM')
  return resident === undefined || peak === undefined
    ? undefined
    : { residentBytes: resident * 1024, peakBytes: peak * 1024 }
}

function kibibytes(status: string, name: string): number | undefined {
  const found = new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(status)
  return found === null ? undefined : Number(found[1])
}

function childrenOf(pid: number): readonly number[] {
  return threadsOf(pid).flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  )
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // it has just ended
  }
}
