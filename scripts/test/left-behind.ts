/** What a run of tests must not leave behind: processes, and files in the checkout. */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Outcome } from './outcome.ts'
import { markOf, marker } from './run-test-file.ts'

export interface LeftProcess {
  readonly pid: number
  readonly file: string
  readonly command: string
}

const graceMs = 3_000 // what was told to end may need a moment

/** Finds processes that these files of tests started, by a mark in their environment. Linux only: elsewhere none. */
export function processesOf(files: readonly string[]): () => readonly LeftProcess[] {
  const wanted = new Map(files.map((file) => [markOf(file), file]))
  return () =>
    readdirSyncOrNone('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .flatMap((pid) => {
        try {
          const environment = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0')
          const file = environment.find((entry) => entry.startsWith(`${marker}=`))?.slice(marker.length + 1)
          if (file === undefined || !wanted.has(file)) return []
          const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
          return command === '' ? [] : [{ pid: Number(pid), file, command }] // no command: a zombie
        } catch {
          return [] // ended meanwhile, or another user's
        }
      })
}

/** Waits a moment, then ends what is still there and says so. */
export async function sweep(find: () => readonly LeftProcess[]): Promise<readonly Outcome[]> {
  const deadline = performance.now() + graceMs
  while (find().length > 0 && performance.now() < deadline) await sleep(50)
  return find().map(({ pid, file, command }) => {
    process.kill(pid, 'SIGKILL')
    return {
      name: 'leaves no process behind',
      file,
      status: 'failed',
      detail: `It left process ${pid} running: ${command}`,
    }
  })
}

/** What git sees as not committed, ignored files included, but for what builds and installs make. */
export async function checkoutStatus(root: string): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)('git', ['status', '--porcelain', '--ignored', '-uall'], {
    cwd: root,
  })
  return stdout
    .split('\n')
    .filter(
      (line) => line !== '' && !/^!! (.*\/)?(node_modules|dist|\.installing)(\/|$)|\.tsbuildinfo$/.test(line),
    )
}

function readdirSyncOrNone(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
