import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

/**
 * What keeps the memory of a runner within its limit. No single wall is enough: the heap flag does not bound
 * buffers, a watchdog comes late, and the kernel's limit on data counts what is only reserved.
 */
export interface MemoryWall {
  /** Names of those that hold: `heap`, `data`, `rss`, `cgroup`. */
  readonly walls: readonly string[]
  /** Private memory in use, bytes, when it was last looked at. */
  readonly memoryBytes: number
  /** Called when the process is ready: what it has reserved until then is its own. Resolves when all walls hold. */
  ready(): Promise<void>
  stop(): void
}

/** At this pace a process overshoots its limit by some tens of MiB. */
const watchMs = 50
/** Room for what threads of native clients reserve and do not use. */
const reservedBytes = 768 * 1024 * 1024
/** The server and the rest of the machine are worth more to the kernel than one runner. */
const oomScore = '500'

/** Flags of Node for a process that may use so much memory: the rest is for buffers and native code. */
export function heapFlags(limitBytes: number): readonly string[] {
  const mib = Math.max(64, Math.floor((limitBytes / 2 ** 20) * 0.6))
  // as Node has it: small runs one after the other leave many small things, and a smaller one is swept all the time
  return [`--max-old-space-size=${mib}`, '--max-semi-space-size=16']
}

/** @param onExceeded  told once, when the process uses more than its limit */
export function createMemoryWall(pid: number, limitBytes: number, onExceeded: () => void): MemoryWall {
  const walls = ['heap', ...(hasContainerLimit() ? ['cgroup'] : [])]
  let memoryBytes = statusBytes(pid, 'RssAnon') ?? 0
  let timer: NodeJS.Timeout | undefined
  if (statusBytes(pid, 'VmData') !== undefined) {
    walls.push('rss')
    raiseOomScore(pid)
    timer = setInterval(() => {
      memoryBytes = statusBytes(pid, 'RssAnon') ?? 0
      if (memoryBytes <= limitBytes) return
      clearInterval(timer)
      onExceeded()
    }, watchMs).unref()
  }
  return {
    walls,
    get memoryBytes() {
      return memoryBytes
    },
    async ready() {
      const data = statusBytes(pid, 'VmData')
      if (data === undefined) return
      const limit = data + limitBytes + reservedBytes
      const { promise, resolve } = Promise.withResolvers<boolean>()
      execFile('prlimit', ['--pid', String(pid), `--data=${limit}`], (error) => resolve(error === null))
      // a machine without it has the other walls
      if (await promise) walls.push('data')
    },
    stop: () => clearInterval(timer),
  }
}

/** A field of `/proc/PID/status`, bytes; undefined where there is none. */
function statusBytes(pid: number, field: 'RssAnon' | 'VmData'): number | undefined {
  try {
    const [, kib] =
      new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return kib === undefined ? undefined : Number(kib) * 1024
  } catch {
    return undefined
  }
}

function raiseOomScore(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, oomScore)
  } catch {
    // the process has gone, or nobody may: it is a hint
  }
}

let containerLimit: boolean | undefined
function hasContainerLimit(): boolean {
  try {
    containerLimit ??= /^\d+$/.test(readFileSync('/sys/fs/cgroup/memory.max', 'utf8').trim())
  } catch {
    containerLimit = false
  }
  return containerLimit
}
