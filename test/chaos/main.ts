/**
 * The long form: `npm run test:chaos -- --kills 200 --seed 7 [--requests 10000] [--applications 30] [--built]`; `README.md` says
 * how to read what it prints.
 * Ends with exit code 1 when anything was lost, doubled or left, or less was disturbed than was asked for.
 */
import { existsSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { startServices } from '../../scripts/services/start.ts'
import { cleanedUp } from '../support/cleanup.ts'
import { killsOf, leastHits } from './disturb.ts'
import { runChaos } from './run-chaos.ts'
import { runSameInstant } from './same-instant.ts'
import { builtCommand } from './server-under-test.ts'
import { sameInstantText, tallyText } from './tally-text.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    'least-each': { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    requests: { type: 'string', default: '10000' },
    applications: { type: 'string', default: '30' },
    servers: { type: 'string', default: '2' },
    'per-second': { type: 'string', default: '50' },
    minutes: { type: 'string', default: '60' },
    'same-instant': { type: 'string', default: '1000' },
    built: { type: 'boolean', default: false },
  },
})
const number = (name: Exclude<keyof typeof values, 'built'>): number => Number(values[name])
const seed = number('seed')
const begun = performance.now()
const tell = (line: string): void =>
  console.log(`${((performance.now() - begun) / 1000).toFixed(0).padStart(5)} s  ${line}`)
console.log(`seed ${seed}`)
const afterwards: (() => void | Promise<void>)[] = []
const scope = { after: (action: () => void | Promise<void>) => void afterwards.unshift(action) }
const faults: string[] = []
if (values.built && !existsSync(builtCommand)) throw new Error('Nothing is built: run npm run build')
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
{
  await using services = await startServices(['postgres', 'kafka', 's3'])
  for (const [name, reason] of Object.entries({ ...services.missing, ...services.failed }))
    throw new Error(`No ${name}: ${reason}`)
  Object.assign(process.env, services.environment)
  try {
    if (number('requests') > 0) {
      const result = await runChaos(scope, {
        seed,
        applications: number('applications'),
        requests: number('requests'),
        kills: number('kills'),
        leastEach: number('least-each'),
        servers: number('servers'),
        built: values.built,
        perSecond: number('per-second'),
        disturbMs: number('minutes') * 60_000,
        stillMs: 120_000,
        tell,
      })
      console.log(tallyText(result))
      faults.push(...result.tally.faults, ...result.stuck)
      const { disturbances } = result
      if (killsOf(disturbances) < number('kills') || leastHits(disturbances) < number('least-each'))
        faults.push('less was disturbed than was asked for')
    }
    for (const action of afterwards.splice(0)) await action()
    if (number('same-instant') > 0) {
      const result = await runSameInstant(scope, {
        seed,
        applications: 5,
        requests: number('same-instant'),
        built: values.built,
        stillMs: 120_000,
        tell,
      })
      console.log(sameInstantText(result))
      faults.push(...result.tally.faults, ...result.faults)
    }
  } finally {
    for (const action of afterwards) await action()
    await cleanedUp()
  }
}
process.exit(faults.length > 0 ? 1 : 0)
