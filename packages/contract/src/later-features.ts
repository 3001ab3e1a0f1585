import { formatPath, type Path } from './path.ts'

/**
 * What the manifest of a later version has and this one has not: named as such, since "unknown" would
 * send the reader looking for a typing error.
 */
const fields: readonly (readonly [pattern: string, feature: string])[] = [
  ['spec.deadLetters', 'dead letters'],
  ['spec.lookups', 'lookups'],
  ['spec.jobs.*.steps', 'jobs of several steps'],
  ['spec.jobs.*.sinks', 'sinks other than one file'],
  ['spec.jobs.*.after', 'jobs of several steps'],
  ['spec.jobs.*.skip', 'a budget of skipped records'],
  ['spec.jobs.*.concurrency', 'partitioned reading'],
  ['spec.jobs.*.source.partition', 'partitioned reading'],
]

/** Values of a field that a later version takes. */
const values: readonly (readonly [pattern: string, values: readonly string[], feature: string])[] = [
  ['spec.jobs.*.process.*.validate.onInvalid', ['dead-letter'], 'dead letters'],
]

/** The feature of a later version that stands at a path of a manifest, for a message. */
function laterFeature(path: Path, value: unknown): string | undefined {
  const found = fields.find(([pattern]) => matches(pattern, path))
  if (found !== undefined) return found[1]
  return values.find(
    ([pattern, later]) => typeof value === 'string' && later.includes(value) && matches(pattern, path),
  )?.[2]
}

/** Every feature of a later version that a document uses, with its path. */
export function laterFeatures(
  document: unknown,
  path: Path = [],
): { readonly path: Path; readonly feature: string }[] {
  const feature = laterFeature(path, document)
  if (feature !== undefined) return [{ path, feature }]
  if (typeof document !== 'object' || document === null) return []
  const entries: [PropertyKey, unknown][] = Array.isArray(document)
    ? [...document.entries()]
    : Object.entries(document)
  return entries.flatMap(([key, value]) => laterFeatures(value, [...path, key]))
}

function matches(pattern: string, path: Path): boolean {
  const parts = pattern.split('.')
  return (
    parts.length === path.length &&
    parts.every((part, index) => part === '*' || part === formatPath(path.slice(index, index + 1)))
  )
}
