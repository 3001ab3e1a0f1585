import { readFile, rename, stat, writeFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { type BulkheadError, isBulkheadError } from '@bulkhead/connector-sdk'
import {
  type ApplicationsState,
  applicationsStateSchema,
  type Behaviour,
  detailsOf,
  errorOf,
  fault,
} from '@bulkhead/contract'
import { behaviourOf, type Surroundings } from '@bulkhead/engine/application/behaviour'
import { catalogFaults } from '@bulkhead/engine/application/catalog-faults'
import { type ChangePlan, planChange } from '@bulkhead/engine/application/change-plan'
import { readApplications } from '@bulkhead/engine/application/read-applications'
import { engineBuildAround } from '@bulkhead/engine/platform/engine-build'
import { readPlatform } from '@bulkhead/engine/platform/read-platform'
import type { Answer } from '../terminal/answer.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { installedCatalog, runnerEntry } from './installed.ts'
import { renderChangePlan } from './render-change-plan.ts'

export interface PlanApplicationsOptions {
  readonly apps: string
  readonly against?: string
  /** True: the one that is asked by default. */
  readonly server?: string | true
  readonly remove?: readonly string[]
  readonly out?: string
  /** True: none may move. */
  readonly check?: readonly string[] | true
  readonly platform?: string
  readonly environment?: string
}

/** As for tests that failed: the change is not what it was said to be. */
const movesMoreExit = 4

/** What a change to a folder of applications does to each of them. Nothing is reached: it is for CI, too. */
export async function planApplications(
  options: PlanApplicationsOptions,
  terminal: Terminal,
): Promise<Answer> {
  const at = (path: string): string => resolve(terminal.folder, path)
  if (options.server !== undefined) {
    const { planOnServer } = await import('./apply.ts')
    const server = options.server === true ? {} : { server: options.server }
    const plan = await planOnServer(
      at(options.apps),
      {
        ...server,
        environment: options.environment,
        ...(options.remove !== undefined && { remove: options.remove }),
      },
      terminal,
    )
    return planAnswer(plan, options.check === true ? [] : options.check)
  }
  if (options.remove !== undefined)
    throw fault('usage', '--remove is asked of a server', { fix: 'Give --server' })
  const around: Surroundings = {
    catalog: await installedCatalog(),
    platform: await readPlatform(
      options.platform === undefined ? undefined : at(options.platform),
      terminal.environment,
    ),
    variables: terminal.environment,
    runner: engineBuildAround(runnerEntry()).identity,
  }
  const after = await stateOfFolder(at(options.apps), options.environment, around)
  if (options.out !== undefined) await writeState(at(options.out), after)
  const before =
    options.against === undefined
      ? nothing
      : await stateAgainst(at(options.against), options.environment, around)
  return planAnswer(planChange(before, after), options.check === true ? [] : options.check)
}

/** @param check  the only applications that may move; undefined: all may */
export function planAnswer(plan: ChangePlan, check: readonly string[] | undefined): Answer {
  const outside = check === undefined ? [] : outsideOf(plan, check)
  return {
    value: { ...plan, ...(check !== undefined && { check: { applications: check, outside } }) },
    text: (style) => renderChangePlan(plan, outside, style),
    exitCode: outside.length === 0 ? 0 : movesMoreExit,
  }
}

const nothing: ApplicationsState = {
  kind: 'ApplicationsState',
  version: 1,
  applications: [],
  setAside: [],
}

/** Names of those that move without being meant to, and of those that cannot be used at all. */
function outsideOf({ applications }: ChangePlan, check: readonly string[]): readonly string[] {
  return applications
    .filter(
      ({ application, action }) =>
        action === 'set-aside' || (action !== 'none' && !check.includes(application)),
    )
    .map(({ application }) => application)
}

async function stateOfFolder(
  folder: string,
  environment: string | undefined,
  around: Surroundings,
): Promise<ApplicationsState> {
  const found = await readApplications(folder, { environment, variables: around.variables })
  const applications: Behaviour[] = []
  const setAside = found.setAside.map((one) => ({
    name: one.name ?? basename(one.folder),
    error: errorView(one.error),
  }))
  for (const application of found.applications) {
    try {
      const faults = catalogFaults(application, around.catalog)
      if (faults.length > 0) throw errorOf([...faults])
      applications.push(await behaviourOf(application, around))
    } catch (error) {
      if (!isBulkheadError(error)) throw error
      setAside.push({ name: application.name, error: errorView(error) })
    }
  }
  return { ...nothing, applications, setAside }
}

function errorView(error: BulkheadError): ApplicationsState['setAside'][number]['error'] {
  const [{ code, message, path } = error] = detailsOf(error)
  return { code, message, ...(path !== undefined && { path }) }
}

async function stateAgainst(
  place: string,
  environment: string | undefined,
  around: Surroundings,
): Promise<ApplicationsState> {
  const is = await stat(place).catch((cause: unknown) => {
    throw unreadable(place, cause)
  })
  if (is.isDirectory()) return stateOfFolder(place, environment, around)
  try {
    return applicationsStateSchema.parse(JSON.parse(await readFile(place, 'utf8')))
  } catch (cause) {
    throw unreadable(place, cause)
  }
}

async function writeState(file: string, state: ApplicationsState): Promise<void> {
  try {
    await writeFile(`${file}.part`, `${JSON.stringify(state, undefined, 1)}\n`)
    await rename(`${file}.part`, file)
  } catch (cause) {
    const { code = 'unknown fault' } = cause as NodeJS.ErrnoException
    throw fault('usage', `The file ${basename(file)} cannot be written (${code})`, { path: 'out', cause })
  }
}

function unreadable(place: string, cause: unknown): Error {
  return fault(
    'usage',
    `${basename(place)} is neither a folder of applications nor what \`bulkhead plan --out\` wrote`,
    { path: 'against', fix: 'Name a folder, or a file that --out wrote', cause },
  )
}
