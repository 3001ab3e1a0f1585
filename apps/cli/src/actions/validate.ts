import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isBulkheadError, type ErrorDetails } from '@bulkhead/connector-sdk'
import { detailsOf, errorOf } from '@bulkhead/contract'
import type { Application } from '@bulkhead/engine'
import { behaviourOf, digestOf } from '@bulkhead/engine/application/behaviour'
import { catalogFaults } from '@bulkhead/engine/application/catalog-faults'
import { codeFaults } from '@bulkhead/engine/application/code-faults'
import { checkLock } from '@bulkhead/engine/application/lock'
import { readApplication } from '@bulkhead/engine/application/read-application'
import type { Answer } from '../terminal/answer.ts'
import { printable } from '../terminal/printable.ts'
import { formatNumber } from '../terminal/quantities.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { installedCatalog } from './installed.ts'

/** What was found in one environment. */
interface Checked {
  /** Null: the manifest as it stands. */
  readonly environment: string | null
  readonly digest?: string
  readonly warnings: readonly string[]
  /** Why nothing could be said: a variable of that environment is not set here. */
  readonly notChecked?: string
}

/**
 * Holds an application against everything that is known without reaching a system. Without a chosen
 * environment every one is looked at; one whose variables are not set here is left out, and said so.
 * @throws BulkheadError the first fault, with all the others in `others`
 */
export async function validate(
  folder: string,
  options: { readonly environment?: string },
  terminal: Terminal,
): Promise<Answer> {
  const root = resolve(terminal.folder, folder)
  const catalog = await installedCatalog()
  const isChosen = options.environment !== undefined
  const environments = isChosen ? [options.environment] : [undefined, ...(await environmentsOf(root))]
  const checked: Checked[] = []
  const faults = new Map<string, ErrorDetails>()
  const counts = new Set<string>()
  let name = ''
  for (const environment of environments) {
    try {
      const application = await readApplication(root, { environment, variables: terminal.environment })
      name = application.name
      counts.add(countsOf(application))
      for (const fault of [...catalogFaults(application, catalog), ...codeFaults(application)])
        faults.set(JSON.stringify([fault.code, fault.path, fault.message]), fault)
      if (faults.size > 0) continue
      checked.push({
        environment: environment ?? null,
        digest: digestOf(await behaviourOf(application, { catalog, variables: terminal.environment })).digest,
        warnings: checkLock(application, catalog),
      })
    } catch (error) {
      if (!isBulkheadError(error)) throw error
      const found = detailsOf(error)
      if (
        !isChosen &&
        environments.length > 1 &&
        found.every(({ code }) => code === 'environment-variable-missing')
      )
        checked.push({ environment: environment ?? null, warnings: [], notChecked: found[0]?.message ?? '' })
      else
        for (const fault of found) faults.set(JSON.stringify([fault.code, fault.path, fault.message]), fault)
    }
  }
  if (faults.size > 0) throw errorOf([...faults.values()])
  const warnings = [...new Set(checked.flatMap((one) => one.warnings))]
  return {
    value: { application: name, valid: true, environments: checked, warnings },
    text: (style) =>
      [
        name === ''
          ? style.note('The files are well-formed; no environment could be checked')
          : `${style.good('✓')} ${style.bold(name)} is valid: ${[...counts].join('; ')}`,
        ...checked
          .filter(({ environment }) => environment !== null)
          .map(({ environment, notChecked }) =>
            notChecked === undefined
              ? `  ${style.good('✓')} environment ${environment}`
              : `  ${style.note('-')} environment ${environment} not checked: ${printable(notChecked)}`,
          ),
        ...warnings.map((warning) => `${style.note('warning:')} ${printable(warning)}`),
      ].join('\n'),
  }
}

async function environmentsOf(root: string): Promise<readonly string[]> {
  const files = await readdir(join(root, 'environments')).catch(() => [])
  return files
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .toSorted()
}

function countsOf({ manifest }: Application): string {
  const { jobs, connections, stores } = manifest.spec
  return [
    formatNumber(Object.keys(jobs).length, 'job'),
    formatNumber(Object.keys(connections).length, 'connection'),
    formatNumber(Object.keys(stores).length, 'store'),
  ].join(', ')
}
