/**
 * Thirty applications on one server, of which one is the culprit: each culprit in turn is at it while the
 * twenty-nine others are asked, and they answer what they answer when all is quiet.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApi } from '../../examples/thirty/api.ts'
import { generate } from '../../examples/thirty/generate.ts'
import { randomOf } from '../chaos/random.ts'
import { writeApplication } from '../support/application-folder.ts'
import type { Culprit } from './culprit.ts'
import type { Home } from './home.ts'
import { startHook } from './hook.ts'
import { installCulprits } from './install-culprits.ts'
import { watchReadiness } from './readiness.ts'
import { startServed } from './served.ts'
import { startSickApi } from './sick-api.ts'
import { quietAnswers, takeTurn, type Turn } from './take-turn.ts'

export interface IsolationOptions {
  readonly home: Home
  /** Chooses which of the thirty makes room for the culprit, and in which order culprits come. */
  readonly seed: number
  readonly culprits: readonly Culprit[]
  /** How many others there are; 29 unless a test of the suite itself makes do with less. */
  readonly others?: number
  readonly runs: number
  /** How long the others may take. Nothing is said by it about how fast they are. */
  readonly settleMs: number
  /** The same beside a culprit; `settleMs` unless a planted failure makes them wait for ever. */
  readonly besideMs?: number
  /** A module that the server and its runners load first: a leak in a wall. */
  readonly agent?: URL
  readonly tell: (line: string) => void
}

export interface IsolationResult {
  readonly turns: readonly Turn[]
  readonly quietMs: readonly number[]
  /** What must be none: those of the turns, and when readiness went. */
  readonly faults: readonly string[]
}

export async function runIsolation(options: IsolationOptions): Promise<IsolationResult> {
  const { seed, home, tell } = options
  const random = randomOf(seed)
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-isolation-'))
  try {
    await using stack = new AsyncDisposableStack()
    const api = stack.use(await startApi())
    const sick = stack.use(await startSickApi())
    const hook = stack.use(await startHook())
    const thirty = await generate(folder, home.table, { API: api.url, HOOK: hook.url, ...home.places })
    const away = random.pick(thirty)
    const others = thirty.filter((one) => one !== away).slice(0, options.others ?? thirty.length)
    await rm(away.folder, { recursive: true })
    tell(`${others.length} others; ${away.name} makes room for the culprit`)
    const applications = join(folder, 'applications')
    for (const { name, application } of options.culprits) {
      const { spec, files } = application(sick)
      await writeApplication(join(applications, name), name, spec, files)
    }
    const connectors = join(folder, 'connectors')
    await installCulprits(connectors)
    const platform = join(folder, 'platform.yaml')
    await writeFile(platform, JSON.stringify(platformOf(home.platform)))
    const own = join(folder, 'server')
    await mkdir(own)
    const served = stack.use(
      await startServed({
        applications,
        platform,
        folder: own,
        connectors,
        agent: options.agent,
        environment: { BULKHEAD_SECRET__WRONG_PASSWORD__PASSWORD: 'not the right one', ...home.environment },
      }),
    )
    const readiness = stack.use(watchReadiness(served.url))
    const { settleMs, besideMs = settleMs, runs } = options
    const { quiet, waitsMs } = await quietAnswers(others, { served, home, hook, settleMs })
    tell(`quiet: all answered within ${seconds(Math.max(...waitsMs))}`)
    const turns: Turn[] = []
    for (const culprit of shuffled(options.culprits, (below) => random.below(below))) {
      tell(`${culprit.name} begins`)
      const own = join(applications, culprit.name)
      const turn = await takeTurn(culprit, own, {
        served,
        home,
        hook,
        others,
        quiet,
        runs,
        settleMs: besideMs,
      })
      turns.push(turn)
      tell(
        `${turn.culprit.padEnd(18)} others within ${seconds(Math.max(0, ...turn.waitsMs))}, turn ${turn.seconds.toFixed(1)} s, ${turn.faults.length} faults`,
      )
      if (served.exit() !== undefined) break
    }
    tell(`readiness was asked ${readiness.asked()} times; the log has ${served.log.bytes()} bytes`)
    const faults = [...turns.flatMap((turn) => turn.faults), ...readiness.gone]
    if (faults.length > 0) tell(served.log.last(40).join('\n'))
    return { turns, quietMs: waitsMs, faults }
  } finally {
    if (process.env['BULKHEAD_TEST_KEEP'] === undefined)
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 })
    else tell(`kept ${folder}`)
  }
}

function platformOf(more: Home['platform']): unknown {
  return {
    apiVersion: 'bulkhead.dev/v1beta1',
    kind: 'Platform',
    spec: {
      http: { port: 0, requestsPerSecond: 1000 },
      files: { port: 0 },
      runners: { processes: 8, silence: 'PT10S', attempts: 2, stopGrace: 'PT2S' },
      drain: 'PT1S',
      ...more,
    },
  }
}

function shuffled<T>(items: readonly T[], below: (most: number) => number): readonly T[] {
  const all = [...items]
  for (let last = all.length - 1; last > 0; last--) {
    const other = below(last + 1)
    ;[all[last], all[other]] = [all[other] as T, all[last] as T]
  }
  return all
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
