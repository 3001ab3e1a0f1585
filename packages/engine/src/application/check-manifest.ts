import type { ErrorDetails } from '@bulkhead/connector-sdk'
import {
  applicationSchema,
  didYouMean,
  faultDetails,
  faultsOf,
  formatPath,
  laterFeatures,
  valueAt,
  type ApplicationManifest,
  type Environment,
  type Path,
} from '@bulkhead/contract'
import type { EnvironmentValue } from './application.ts'
import { mergeOverlay } from './merge-overlay.ts'
import { resolveEnv } from './resolve-env.ts'

export interface CheckedManifest {
  /** Undefined when the schema refused it. */
  readonly manifest: ApplicationManifest | undefined
  readonly faults: readonly ErrorDetails[]
  readonly variables: readonly EnvironmentValue[]
}

export interface ManifestSurroundings {
  readonly environment: Environment | undefined
  readonly variables: Readonly<Record<string, string | undefined>>
  /** File, line and column of a path, for messages. */
  readonly place: (path: Path) => string | undefined
}

/** From what application.yaml says to a manifest: overlay merged in, variables resolved, schema held against it. */
export function checkManifest(raw: unknown, surroundings: ManifestSurroundings): CheckedManifest {
  const { environment, variables, place } = surroundings
  const { document, faults: later } = withoutLaterFeatures(raw, place)
  const merged = environment === undefined ? document : mergeEnvironment(document, environment)
  const resolved = resolveEnv(merged, environment?.spec.env, variables)
  const parsed = applicationSchema.safeParse(resolved.value)
  const faults = [
    ...later,
    ...(environment === undefined ? [] : unknownOverlays(document, environment)),
    ...resolved.faults,
  ]
  const { used } = resolved
  if (parsed.success) return { manifest: parsed.data, faults, variables: used }
  const invalid = faultsOf(parsed.error.issues, {
    code: 'manifest-invalid',
    schema: applicationSchema,
    value: resolved.value,
    place,
  })
  return { manifest: undefined, faults: [...faults, ...invalid], variables: used }
}

/** Names what this version lacks, and takes it out, so that the rest can be checked all the same. */
function withoutLaterFeatures(
  raw: unknown,
  place: (path: Path) => string | undefined,
): { readonly document: unknown; readonly faults: ErrorDetails[] } {
  const found = laterFeatures(raw)
  if (found.length === 0) return { document: raw, faults: [] }
  const document = structuredClone(raw)
  for (const { path } of found) {
    // A job of steps has nothing else that could be checked.
    const at = path[1] === 'jobs' && path.length === 4 ? path.slice(0, 3) : path
    const parent = valueAt(document, at.slice(0, -1)) as Record<PropertyKey, unknown> | undefined
    const key = at.at(-1)
    if (parent !== undefined && key !== undefined) delete parent[key]
  }
  const faults = found.map(({ path, feature }) => {
    const where = place(path)
    return faultDetails(
      'not-in-this-version',
      `\`${formatPath(path)}\` is a feature of a later version: ${feature}${where === undefined ? '' : ` (${where})`}`,
      { path: formatPath(path) },
    )
  })
  return { document, faults }
}

const overlaid = ['connections', 'stores', 'flags', 'policy'] as const

function mergeEnvironment(document: unknown, { spec }: Environment): unknown {
  const overlay = Object.fromEntries(overlaid.map((section) => [section, spec[section]]))
  return mergeOverlay(document, { spec: overlay })
}

/** An overlay sets what is declared; with a mistyped name it would set nothing. */
function unknownOverlays(document: unknown, { spec }: Environment): ErrorDetails[] {
  return (['connections', 'stores', 'flags'] as const).flatMap((section) => {
    const declared = Object.keys((valueAt(document, ['spec', section]) as object | undefined) ?? {})
    return Object.keys(spec[section])
      .filter((name) => !declared.includes(name))
      .map((name) =>
        faultDetails(
          'manifest-invalid',
          `The environment sets \`${formatPath(['spec', section, name])}\`, which the application does not declare${didYouMean(name, declared)}`,
          {
            path: formatPath(['spec', section, name]),
            fix: 'Declare it in application.yaml, or correct the name',
          },
        ),
      )
  })
}
