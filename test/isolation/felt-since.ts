/** What of a culprit is new: a window on its runs and on the server's log. */
import type { RunView } from '@bulkhead/contract'
import type { Felt } from './culprit.ts'
import { isOver } from './is-over.ts'
import type { Served } from './served.ts'

export interface FeltSince {
  /** The window begins now. */
  mark(): void
  look(runs: readonly RunView[]): Pick<Felt, 'runs' | 'logged'>
}

/** Before the first mark it has what ever was. */
export function feltSince({ log }: Served): FeltSince {
  let atMs = 0
  let line = log.end()
  return {
    mark() {
      atMs = Date.now()
      line = log.end()
    },
    look: (all) => ({
      runs: all.filter((run) => !isOver(run) || Date.parse(run.finishedAt ?? '') > atMs),
      logged: (...parts) => log.since(line).some((text) => parts.every((part) => text.includes(part))),
    }),
  }
}
