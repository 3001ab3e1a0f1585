/**
 * `npm run soak`: an export of 50 million rows keeps within the memory that 1 million may take.
 *
 * `npm run soak -- --rows 5000000`
 *
 * The rows are made while they are read, and exported by the command into a local folder, as CSV and as
 * JSON Lines; the largest file has 8 GiB, and is removed when it is complete. Prints the peaks
 * and ends with 1 when one is over the bound.
 */
import { parseArgs } from 'node:util'
import { installCommand } from './bulkhead-command.ts'
import { exportOnce } from './export-once.ts'
import { narrowRows } from './generated-rows.ts'
import { mebibytes } from './report.ts'
import { openScratchDatabase } from './scratch-database.ts'
import { flatMemoryBytes } from './targets.ts'
import { wholeNumber } from './whole-number.ts'

const { values } = parseArgs({ options: { rows: { type: 'string', default: '50000000' } } })
const rows = wholeNumber(values.rows, '--rows')
const few = Math.min(rows, 1_000_000)

await using database = await openScratchDatabase()
const command = await installCommand(database.folder)
let isWithin = true
for (const format of ['csv', 'jsonl'] as const) {
  for (const count of [few, rows]) {
    const { cost, bytes } = await exportOnce({
      command,
      database: database.url,
      query: narrowRows(count),
      rows: count,
      output: { format },
      folder: database.folder,
    })
    const { peakBytes, wallSeconds } = cost
    if (peakBytes === 0) throw new Error('This system does not tell how much memory a process uses')
    const within = peakBytes <= flatMemoryBytes
    isWithin &&= within
    console.log(
      `${format}, ${count} rows, ${mebibytes(bytes)} MiB in ${wallSeconds.toFixed(1)} s: ` +
        `peak ${mebibytes(peakBytes)} MiB, ${within ? 'within' : 'OVER'} ${mebibytes(flatMemoryBytes)} MiB`,
    )
  }
}
process.exitCode = isWithin ? 0 : 1
