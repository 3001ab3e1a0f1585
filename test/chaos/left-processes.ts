/** Processes that outlived the run of chaos that they belong to. */
import { readdirSync, readFileSync } from 'node:fs'

/**
 * Ids of living processes whose command line names a folder, as those of all servers and runners name the one of their
 * orders. None where the system does not tell.
 */
export function processesNaming(folder: string): readonly number[] {
  const names = [folder, encodeURIComponent(folder)]
  return livingProcesses().filter((pid) => {
    try {
      // empty for one that ended and that nobody waited for
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      return names.some((name) => line.includes(name))
    } catch {
      return false // it ended meanwhile
    }
  })
}

function livingProcesses(): readonly number[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0)
  } catch {
    return []
  }
}
