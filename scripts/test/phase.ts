/** The phases of `npm test`, in order, the fast ones first. */
import type { ServerName } from '../services/servers.ts'
import { startServices, type Services } from '../services/start.ts'
import { findTestFiles, serversOf, type TestFiles } from './find-test-files.ts'
import type { Outcome } from './outcome.ts'
import { runTestFiles } from './run-test-files.ts'
import {
  buildCheck,
  deadCodeCheck,
  formatCheck,
  generatedCheck,
  lintCheck,
  packageCheck,
  quickLintCheck,
  quickTypeCheck,
  runCheck,
  type StaticCheck,
  typeCheck,
} from './static-check.ts'
import { publishedPackages } from './published-packages.ts'
import { checkoutStatus } from './left-behind.ts'
import { relative } from 'node:path'

export interface Phase {
  readonly name: string
  readonly run: () => Promise<readonly Outcome[]>
}

export interface Choice {
  readonly root: string
  /** Only what needs milliseconds: no build, no server, no slow test. */
  readonly fast: boolean
  /** Only files of tests that fit, and no other check. */
  readonly pattern: string | undefined
  readonly signal: AbortSignal
}

const unitMs = 60_000
const slowMs = 4 * 60_000
const serverMs = 5 * 60_000
const e2eMs = 10 * 60_000

/** @param resources  what has to be stopped in the end: the servers */
export async function phasesOf(choice: Choice, resources: AsyncDisposableStack): Promise<readonly Phase[]> {
  const { root, signal } = choice
  const files = findTestFiles(root, choice.pattern)
  const before = await checkoutStatus(root).catch(() => undefined) // an archive has no git

  const check = (name: string, ...checks: readonly StaticCheck[]): Phase => ({
    name,
    run: async () => {
      const outcomes: Outcome[] = []
      for (const each of checks) outcomes.push(await runCheck(each, root, signal))
      return outcomes
    },
  })
  const tests = (name: keyof TestFiles, timeoutMs: number, servers?: () => Promise<Services>): Phase => ({
    name,
    run: async () => {
      const services = await servers?.()
      const [runnable, others] = divide(root, files[name], services)
      const environment = services?.environment ?? {}
      return [
        ...(await runTestFiles(runnable, { root, environment, timeoutMs, signal, together: choice.fast })),
        ...others,
      ]
    },
  })

  let services: Promise<Services> | undefined
  const needed = serversOfAll([...files.server, ...files.e2e])
  const servers = (): Promise<Services> =>
    (services ??= startServices(needed).then((started) => {
      for (const version of started.versions) console.log(`           ${version}`)
      return resources.use(started)
    }))

  const build = check('build', buildCheck)
  const phases = {
    format: check('format', formatCheck),
    lint: check('lint', lintCheck),
    types: check('types', typeCheck),
    generated: check('generated', generatedCheck),
    unit: tests('unit', unitMs),
    slow: tests('slow', slowMs),
    build: {
      name: 'build',
      run: () => {
        servers().catch(() => undefined) // they start meanwhile; the phase that needs them says what failed
        return build.run()
      },
    },
    server: tests('server', serverMs, servers),
    deadCode: check('dead code', deadCodeCheck),
    packages: check('packages', ...publishedPackages(root).map((folder) => packageCheck(folder))),
    e2e: tests('e2e', e2eMs, servers),
    planted: tests('planted', unitMs),
    tidy: { name: 'tidy', run: () => tidiness(root, before) },
  }
  if (choice.pattern !== undefined) {
    const names = (['unit', 'slow', 'server', 'e2e', 'planted'] as const).filter(
      (name) => files[name].length > 0,
    )
    return names.length === 0 ? [phases.unit] : names.map((name) => phases[name])
  }
  if (choice.fast) {
    const quick = [check('lint', quickLintCheck), check('types', quickTypeCheck)]
    return [phases.format, ...quick, phases.generated, phases.unit]
  }
  return Object.values(phases)
}

function serversOfAll(files: readonly string[]): readonly ServerName[] {
  return [...new Set(files.flatMap((file) => [...serversOf(file)]))]
}

/**
 * Files whose servers this machine cannot have are skipped, each with the reason. Those whose servers should run
 * and do not have failed; what a server printed stands with the first of them.
 */
function divide(
  root: string,
  files: readonly string[],
  services: Services | undefined,
): [runnable: readonly string[], others: readonly Outcome[]] {
  const { missing = {}, failed = {} } = services ?? {}
  const shown = new Set<string>()
  const runnable: string[] = []
  const others: Outcome[] = []
  for (const path of files) {
    const needed = [...serversOf(path)]
    const broken = needed.find((server) => server in failed)
    const absent = needed.find((server) => server in missing)
    const outcome = { name: 'the file as a whole', file: relative(root, path) }
    if (broken !== undefined) {
      const detail = shown.has(broken) ? 'see above' : failed[broken]
      others.push({ ...outcome, status: 'failed', detail: `The server ${broken} does not run: ${detail}` })
      shown.add(broken)
    } else if (absent !== undefined) {
      others.push({ ...outcome, status: 'skipped', detail: `No ${absent}: ${missing[absent]}` })
    } else runnable.push(path)
  }
  return [runnable, others]
}

/** A clean checkout is as clean after all tests as before. One with work in it is its owner's. */
async function tidiness(root: string, before: readonly string[] | undefined): Promise<readonly Outcome[]> {
  const name = 'the tests leave no file in the checkout'
  if (before === undefined || before.length > 0) return [{ name, status: 'passed' }]
  const after = await checkoutStatus(root)
  return [{ name, status: after.length === 0 ? 'passed' : 'failed', detail: after.join('\n') }]
}
