import type { ErrorDetails } from '@bulkhead/connector-sdk'
import { didYouMean, faultDetails, formatPath, type Path } from '@bulkhead/contract'
import type { EnvironmentValue } from './application.ts'

/** Where `{ env: NAME }` may stand for a value; elsewhere it is plain data, such as a query's. */
const places: readonly (readonly string[])[] = [
  ['spec', 'connections', '*', 'config'],
  ['spec', 'stores', '*', 'config'],
  ['spec', 'replies', '*', 'webhook', 'url'],
  ['spec', 'jobs', '*', 'prepare', 'url'],
]

export interface Resolved {
  readonly value: unknown
  readonly faults: readonly ErrorDetails[]
  /** Every place that a variable was put into. */
  readonly used: readonly EnvironmentValue[]
}

/**
 * Puts variables in the place of `{ env: NAME }`. Only names that the environment lists are read, and
 * never one of the platform's own: an application cannot look around in the process it runs in.
 * @param listed  names that the chosen environment lists; undefined when none was chosen
 */
export function resolveEnv(
  manifest: unknown,
  listed: readonly string[] | undefined,
  variables: Readonly<Record<string, string | undefined>>,
): Resolved {
  const faults: ErrorDetails[] = []
  const used: EnvironmentValue[] = []
  const resolve = (value: unknown, path: Path, isInside: boolean): unknown => {
    const inside = isInside || places.some((place) => matches(place, path))
    if (Array.isArray(value)) return value.map((item, index) => resolve(item, [...path, index], inside))
    if (typeof value !== 'object' || value === null) return value
    const fields = value as Readonly<Record<string, unknown>>
    const name = fields['env']
    if (inside && typeof name === 'string' && Object.keys(fields).length === 1) {
      const found = read(name, listed, variables)
      if (typeof found === 'string') {
        used.push({ path, name })
        return found
      }
      faults.push(
        faultDetails('environment-variable-missing', found.reason, {
          path: formatPath(path),
          fix: found.fix,
        }),
      )
      return ''
    }
    return Object.fromEntries(
      Object.entries(fields).map(([key, item]) => [key, resolve(item, [...path, key], inside)]),
    )
  }
  return { value: resolve(manifest, [], false), faults, used }
}

function read(
  name: string,
  listed: readonly string[] | undefined,
  variables: Readonly<Record<string, string | undefined>>,
): string | { readonly reason: string; readonly fix: string } {
  if (name.startsWith('BULKHEAD_'))
    return {
      reason: `The variable ${name.slice(0, 60)} belongs to the platform`,
      fix: 'Use a variable of your own',
    }
  if (listed === undefined)
    return {
      reason: `The variable ${name.slice(0, 60)} is wanted, and no environment was chosen`,
      fix: 'Choose one with --environment NAME; its file environments/NAME.yaml lists the variable under `env`',
    }
  if (!listed.includes(name))
    return {
      reason: `The environment does not list the variable ${name.slice(0, 60)}${didYouMean(name, listed)}`,
      fix: 'List it under `env` of the environment',
    }
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined
  return value === undefined || value === ''
    ? { reason: `The environment variable ${name} is not set`, fix: `Set ${name}` }
    : value
}

function matches(place: readonly string[], path: Path): boolean {
  return place.length === path.length && place.every((part, index) => part === '*' || part === path[index])
}
