import type { ApplicationManifest, Path } from '@bulkhead/contract'
import { canonicalJson } from './canonical-json.ts'

/** A value of a manifest that is not taken apart further. */
export interface ManifestField {
  readonly path: Path
  /** JSON; equal values have equal texts. */
  readonly text: string
}

/**
 * Every value of a manifest by its place, in an order of its own. The order of keys tells nothing, but inside a query:
 * what a connector is given there may be a list of fields to sort by, which YAML writes as an object.
 */
export function manifestFields(manifest: ApplicationManifest): readonly ManifestField[] {
  return fieldsOf(manifest, [])
}

function fieldsOf(value: unknown, path: Path): ManifestField[] {
  const entries = isObject(value) ? Object.entries(value).filter(([, item]) => item !== undefined) : []
  if (entries.length === 0) return [{ path, text: canonicalJson(value) }]
  return entries
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, item]) => {
      const here = [...path, key]
      return isQueryPart(here) ? [{ path: here, text: JSON.stringify(item) }] : fieldsOf(item, here)
    })
}

/** `spec.jobs.NAME.source.query.PART`: the parts have names that the connector knows, what is in them is data. */
function isQueryPart([spec, jobs, , source, query, ...part]: Path): boolean {
  return spec === 'spec' && jobs === 'jobs' && source === 'source' && query === 'query' && part.length === 1
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A path as text that no other path has: nothing in it is cut. */
export function exactPath(path: Path): string {
  return path
    .map((part, index) =>
      /^[\w$-]+$/.test(String(part))
        ? `${index === 0 ? '' : '.'}${String(part)}`
        : `[${JSON.stringify(String(part))}]`,
    )
    .join('')
}
