import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { bulkheadRun, type Export } from './bulkhead-command.ts'
import { type Cost, measureCommand } from './measure/measure-command.ts'

/** What one export cost, and the size of its file. */
export interface ExportRun {
  readonly cost: Cost
  readonly bytes: number
}

/**
 * Runs an export once and removes what it made.
 *
 * @throws Error when it fails, or gives other than `rows` rows
 */
export async function exportOnce(wanted: Export & { readonly rows: number }): Promise<ExportRun> {
  const command = await bulkheadRun(wanted)
  try {
    const { stdout, ...cost } = await measureCommand(command)
    const { result } = (JSON.parse(stdout) as Reply).data
    if (result.rows !== wanted.rows)
      throw new Error(`${result.rows} rows came as ${wanted.output.format}, and not ${wanted.rows}`)
    return { cost, bytes: result.bytes }
  } finally {
    await rm(join(wanted.folder, 'out'), { recursive: true, force: true })
  }
}

/** What the command answers on standard output, as far as it is looked at here. */
interface Reply {
  readonly data: { readonly result: { readonly rows: number; readonly bytes: number } }
}
