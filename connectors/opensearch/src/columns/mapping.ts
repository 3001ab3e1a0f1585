import type { Client } from '../http/client.ts'
import type { BoundQuery } from '../query/query.ts'
import { jsonBody } from '../search/json-body.ts'
import { indexPath } from '../search/point-in-time.ts'

/** A field as a mapping has it. */
export interface MappedField {
  /** `keyword`, `long`, `object` ... */
  readonly type: string
  /** Of dates, as the mapping writes it. */
  readonly format: string | undefined
}

/** The fields of one or more indices. */
export interface Mapping {
  /** Names of the first level, in the order of the first index that has them. */
  readonly names: readonly string[]
  /** By path; undefined when no index has it. `conflict` when indices differ. */
  readonly find: (path: string) => MappedField | 'conflict' | undefined
}

interface Properties {
  readonly [name: string]: {
    readonly type?: unknown
    readonly format?: unknown
    readonly properties?: Properties
  }
}

/** Asks for the fields of all indices that the query names. */
export async function fetchMapping(
  client: Client,
  { index }: BoundQuery,
  signal: AbortSignal,
): Promise<Mapping> {
  const path = `/${indexPath(index)}/_mapping?expand_wildcards=open`
  return mappingOf(jsonBody(await client.send({ method: 'GET', path }, signal)))
}

/** @param answer  of `GET INDEX/_mapping` */
export function mappingOf(answer: Readonly<Record<string, unknown>>): Mapping {
  const roots = Object.values(answer).map(
    (index) => (index as { mappings?: { properties?: Properties } }).mappings?.properties ?? {},
  )
  const names = [...new Set(roots.flatMap((root) => Object.keys(root)))].filter(
    // an alias holds nothing of its own, and documents do not have it
    (name) => roots.some((root) => root[name] !== undefined && root[name].type !== 'alias'),
  )
  return {
    names,
    find(path) {
      const found = roots.flatMap((root) => fieldAt(root, path) ?? [])
      const [first, ...others] = found
      const isSame = others.every((field) => field.type === first?.type && field.format === first.format)
      return isSame ? first : 'conflict'
    },
  }
}

function fieldAt(root: Properties, path: string): MappedField | undefined {
  let at: Properties | undefined = root
  const parts = path.split('.')
  for (const [place, part] of parts.entries()) {
    const field: Properties[string] | undefined = at?.[part]
    if (field === undefined) return undefined
    if (place === parts.length - 1) {
      return {
        type: typeof field.type === 'string' ? field.type : 'object',
        format: typeof field.format === 'string' ? field.format : undefined,
      }
    }
    at = field.properties
  }
  return undefined
}
