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
