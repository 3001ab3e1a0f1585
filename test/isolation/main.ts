/**
 * The long form: `npm run test:isolation -- [--team] [--seed 7] [--only hangs,spins] [--runs 2] [--others 29]`; `README.md` says
 * what it does. Ends with exit code 1 when one application could be felt by another.
 */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { startServices } from '../../scripts/services/start.ts'
import { cleanedUp } from '../support/cleanup.ts'
import { culprits } from './culprits.ts'
import type { Culprit } from './culprit.ts'
import { embeddedHome, type Home } from './home.ts'
import { runIsolation } from './run-isolation.ts'
import { someOf } from './some-of.ts'
import { startTeam } from './team.ts'
import { teamCulpritNames, teamCulprits } from './team-culprits.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    team: { type: 'boolean', default: false },
    only: { type: 'string' },
    runs: { type: 'string', default: '2' },
    others: { type: 'string', default: '29' },
  },
})
const begun = performance.now()
const tell = (line: string): void =>
  console.log(`${((performance.now() - begun) / 1000).toFixed(0).padStart(5)} s  ${line}`)
const afterwards: (() => void | Promise<void>)[] = []
const scope = { after: (action: () => void | Promise<void>) => void afterwards.unshift(action) }
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

async function judge(home: Home, all: readonly Culprit[]): Promise<readonly string[]> {
  const { faults } = await runIsolation({
    home,
    seed: Number(values.seed),
    culprits: values.only === undefined ? all : someOf(all, values.only.split(',')),
    others: Number(values.others),
    runs: Number(values.runs),
    settleMs: 300_000,
    tell,
  })
  return faults
}

async function judgeTeam(): Promise<readonly string[]> {
  await using services = await startServices(['postgres', 'kafka', 's3'])
  for (const [name, reason] of Object.entries({ ...services.missing, ...services.failed }))
    throw new Error(`No ${name}: ${reason}`)
  Object.assign(process.env, services.environment)
  try {
    await using team = await startTeam(scope, { others: Number(values.others), culprits: teamCulpritNames })
    return await judge(team.home, teamCulprits(team))
  } finally {
    for (const action of afterwards) await action()
    await cleanedUp()
  }
}

tell(`seed ${values.seed}`)
const faults = values.team ? await judgeTeam() : await judge(await embeddedHome(), culprits)
console.log(faults.length === 0 ? 'no application felt another' : `${faults.length} FAULTS`)
for (const fault of faults.slice(0, 60)) console.log(`  ${fault}`)
process.exit(faults.length === 0 ? 0 : 1)
