/**
 * The long form: `npm run test:isolation -- [--seed 7] [--only hangs,spins] [--runs 2] [--others 29]`.
 * Ends with exit code 1 when one application could be felt by another.
 */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { culprits, someOf } from './culprits.ts'
import { runIsolation } from './run-isolation.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string' },
    runs: { type: 'string', default: '2' },
    others: { type: 'string', default: '29' },
  },
})
const begun = performance.now()
const tell = (line: string): void =>
  console.log(`${((performance.now() - begun) / 1000).toFixed(0).padStart(5)} s  ${line}`)
tell(`seed ${values.seed}`)
const { faults } = await runIsolation({
  seed: Number(values.seed),
  culprits: values.only === undefined ? culprits : someOf(values.only.split(',')),
  others: Number(values.others),
  runs: Number(values.runs),
  settleMs: 300_000,
  tell,
})
console.log(faults.length === 0 ? 'no application felt another' : `${faults.length} FAULTS`)
for (const fault of faults.slice(0, 60)) console.log(`  ${fault}`)
process.exit(faults.length === 0 ? 0 : 1)
