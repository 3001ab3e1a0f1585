/**
 * The long form: `npm run test:chaos -- --kills 200 --seed 7 [--requests 10000] [--applications 30]`.
 * Ends with exit code 1 when anything was lost, doubled or left.
 */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { startServices } from '../../scripts/services/start.ts'
import { runChaos } from './run-chaos.ts'
import { tallyText } from './tally-text.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    requests: { type: 'string', default: '10000' },
    applications: { type: 'string', default: '30' },
    servers: { type: 'string', default: '2' },
    'per-second': { type: 'string', default: '50' },
  },
})
const seed = Number(values.seed)
console.log(`seed ${seed}`)
const begun = performance.now()
const afterwards: (() => void | Promise<void>)[] = []
let failed: boolean
{
  await using services = await startServices(['postgres', 'kafka', 's3'])
  for (const [name, reason] of Object.entries({ ...services.missing, ...services.failed }))
    throw new Error(`No ${name}: ${reason}`)
  Object.assign(process.env, services.environment)
  try {
    const result = await runChaos(
      { after: (action) => void afterwards.unshift(action) },
      {
        seed,
        applications: Number(values.applications),
        requests: Number(values.requests),
        kills: Number(values.kills),
        servers: Number(values.servers),
        perSecond: Number(values['per-second']),
        settleMs: 300_000,
        tell: (line) =>
          console.log(`${((performance.now() - begun) / 1000).toFixed(0).padStart(5)} s  ${line}`),
      },
    )
    console.log(tallyText(result))
    failed = result.tally.faults.length > 0 || result.stuck.length > 0
  } finally {
    for (const action of afterwards) await action()
  }
}
process.exit(failed ? 1 : 0)
