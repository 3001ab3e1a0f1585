import { mongodbError } from '../errors.ts'
import type { BoundParameter } from './parameter.ts'
import { collectionName, pipelineToBson, singleDocumentStages, sortToBson } from './pipeline.ts'
import { type BsonDocument, documentToBson, queryInvalid, toBson } from './to-bson.ts'
import type { Query } from './query.ts'

/** What is read, as BSON. Only these two commands can be made of a query. */
export type Selection = FindSelection | AggregateSelection

interface CommonSelection {
  readonly collection: string
  readonly hint: unknown
  readonly collation: unknown
  readonly allowDiskUse: boolean | undefined
}

export interface FindSelection extends CommonSelection {
  readonly kind: 'find'
  readonly filter: BsonDocument
  readonly projection: BsonDocument | undefined
  readonly sort: unknown
  readonly limit: number | undefined
  readonly skip: number | undefined
}

export interface AggregateSelection extends CommonSelection {
  readonly kind: 'aggregate'
  readonly pipeline: readonly BsonDocument[]
}

/**
 * The query as BSON, its parameters in place.
 * @param query  checked against its schema, with every parameter a `BoundParameter`
 */
export function selectionOf(query: Query): Selection {
  const collection = collectionName(query.collection, 'query.collection')
  const { allowDiskUse } = query
  if ('aggregate' in query) {
    return {
      kind: 'aggregate',
      collection,
      allowDiskUse,
      hint: optional(query.hint, 'query.hint'),
      collation: optional(query.collation, 'query.collation'),
      pipeline: pipelineToBson(query.aggregate, 'query.aggregate'),
    }
  }
  const { find } = query
  return {
    kind: 'find',
    collection,
    allowDiskUse,
    hint: optional(find.hint, 'query.find.hint'),
    collation: optional(find.collation, 'query.find.collation'),
    filter: documentToBson(find.filter ?? {}, 'filter', 'query.find.filter'),
    projection:
      find.projection === undefined
        ? undefined
        : documentToBson(find.projection, 'expression', 'query.find.projection'),
    sort: find.sort === undefined ? undefined : sortToBson(find.sort, 'query.find.sort'),
    limit: count(find.limit, 1, 'query.find.limit'),
    skip: count(find.skip, 0, 'query.find.skip'),
  }
}

/** Ranges can be read one by one only when no document's fate depends on others. */
export function checkParallel(selection: Selection, parallel: number, connections: number): void {
  const refuse = (reason: string, path: string): never => {
    throw mongodbError('mongodb-parallel-refused', `\`parallel\` does not go with ${reason}`, { path })
  }
  if (parallel > connections)
    throw mongodbError(
      'mongodb-parallel-refused',
      `The query reads ${parallel} ranges at once, and the connection allows ${connections} connections`,
      { path: 'query.parallel', fix: 'Raise `limits.connections` of the connection, or lower `parallel`' },
    )
  if (selection.hint !== undefined)
    refuse('hint', selection.kind === 'find' ? 'query.find.hint' : 'query.hint')
  if (selection.kind === 'find') {
    for (const name of ['sort', 'limit', 'skip'] as const)
      if (selection[name] !== undefined) refuse(name, `query.find.${name}`)
    return
  }
  for (const [index, stage] of selection.pipeline.entries()) {
    const [name = ''] = stage.keys()
    if (!singleDocumentStages.has(name))
      refuse(`${name}, which needs all documents`, `query.aggregate.${index}`)
  }
}

/** What goes with every command of a read. */
export interface CommandOptions {
  readonly maxTimeMS: number
  readonly readConcern: string | undefined
  readonly batchSize: number
  /** Most documents, on top of the query's own limit. */
  readonly maxDocuments: number | undefined
  /** Only documents of this filter, on top of the query's own. */
  readonly range: BsonDocument | undefined
  /** Only these top-level fields, where the query says nothing about fields. */
  readonly projection: BsonDocument | undefined
}

/** The command that reads a selection, or a range of it. */
export function commandOf(selection: Selection, options: CommandOptions): Record<string, unknown> {
  const { collection, hint, collation, allowDiskUse } = selection
  const { maxTimeMS, readConcern, batchSize } = options
  const rest = {
    maxTimeMS,
    ...defined({ hint, collation, allowDiskUse }),
    ...(readConcern !== undefined && { readConcern: { level: readConcern } }),
  }
  if (selection.kind === 'aggregate')
    return {
      aggregate: collection,
      pipeline: pipelineWith(selection, options),
      cursor: { batchSize },
      ...rest,
    }
  const { filter, sort, skip } = selection
  const limit = smaller(selection.limit, options.maxDocuments)
  return {
    find: collection,
    filter: options.range === undefined ? filter : both(filter, options.range),
    ...defined({ projection: selection.projection ?? options.projection, sort, skip, limit }),
    batchSize,
    ...rest,
  }
}

function pipelineWith({ pipeline }: AggregateSelection, options: CommandOptions): readonly BsonDocument[] {
  const before = options.range === undefined ? [] : [new Map([['$match', options.range]])]
  const after = options.maxDocuments === undefined ? [] : [new Map([['$limit', options.maxDocuments]])]
  return [...before, ...pipeline, ...after]
}

function both(filter: BsonDocument, range: BsonDocument): BsonDocument {
  return filter.size === 0 ? range : new Map([['$and', [filter, range]]])
}

function smaller(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return Math.min(one, other)
}

function optional(value: unknown, path: string): unknown {
  return value === undefined ? undefined : toBson(value, 'expression', path)
}

/** A number of documents, perhaps from a parameter. */
function count(value: unknown, least: number, path: string): number | undefined {
  if (value === undefined) return undefined
  const bound = typeof value === 'object' && value !== null ? (value as BoundParameter).value : value
  const number = typeof bound === 'bigint' ? Number(bound) : bound
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < least)
    throw queryInvalid(`It is a whole number, at least ${least}`, path)
  return number
}

function defined(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
