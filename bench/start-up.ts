/** How long a one-shot run takes to its first byte. */
import { spawn } from 'node:child_process'
import { watch } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { bulkheadRun, withoutLauncher } from './bulkhead-command.ts'
import type { Command } from './measure/measure-command.ts'
import { type Spread, spreadOf } from './measure/statistics.ts'

export interface StartUp {
  /** From the start of Node 24 until a byte of the result is in a file. */
  readonly firstByteMs: Spread
  /** From the start of Node 24 until the command has ended. */
  readonly endMs: Spread
  /** Both again from the start of `bin/bulkhead`, which looks for Node 24 first. */
  readonly launcher: { readonly firstByteMs: Spread; readonly endMs: Spread }
  readonly runs: number
}

/** A query of PostgreSQL for which nothing is read from a table. */
const query = "SELECT i AS id, 'row ' || i AS name, now() AS at FROM generate_series(1, 100) AS i"

/** Figures of a warm cache of compiled code and files: two runs are made before those that count. */
export async function measureStartUp(
  command: string,
  database: string,
  folder: string,
  runs: number,
): Promise<StartUp> {
  const launched = await bulkheadRun({ command, database, query, folder, output: { format: 'csv' } })
  const direct = await withoutLauncher(launched, folder)
  const out = join(folder, 'out')
  for (const command of [launched, direct]) await runOnce(command, out)
  const times: Record<'launched' | 'direct', Times[]> = { launched: [], direct: [] }
  for (let run = 0; run < runs; run++) {
    times.direct.push(await runOnce(direct, out))
    times.launched.push(await runOnce(launched, out))
  }
  return { ...spreads(times.direct), launcher: spreads(times.launched), runs }
}

interface Times {
  readonly firstByteMs: number
  readonly endMs: number
}

function spreads(times: readonly Times[]): { readonly firstByteMs: Spread; readonly endMs: Spread } {
  return {
    firstByteMs: spreadOf(times.map(({ firstByteMs }) => firstByteMs)),
    endMs: spreadOf(times.map(({ endMs }) => endMs)),
  }
}

/** Results grow here until they are complete. */
const partsFolder = '.bulkhead-parts'

/** The kernel tells of the first write into the folder of unfinished results: nothing is polled. */
async function runOnce(command: Command, out: string): Promise<Times> {
  const parts = join(out, partsFolder)
  await mkdir(parts, { recursive: true })
  let firstByteMs: number | undefined
  const watcher = watch(parts, (event) => {
    // the file's birth is a `rename`
    if (event === 'change') firstByteMs ??= performance.now() - start
  })
  const start = performance.now()
  try {
    const child = spawn(command.file, command.args, { stdio: 'ignore', env: command.environment })
    const endMs = await new Promise<number>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (code) => {
        if (code === 0) resolve(performance.now() - start)
        else reject(new Error(`A run for its start-up ended with code ${code}`))
      })
    })
    if (firstByteMs === undefined) throw new Error('A run wrote its result without being seen')
    return { firstByteMs, endMs }
  } finally {
    watcher.close()
    await rm(out, { recursive: true, force: true })
  }
}
