import { mongodbError } from '../errors.ts'
import { BoundParameter, unfit } from './parameter.ts'
import { type BsonDocument, documentToBson, queryInvalid, toBson } from './to-bson.ts'

/**
 * Stages that only read. Everything else is refused: what a later version of the server adds may
 * write, and what shows other people's operations is no data.
 */
const readingStages: ReadonlySet<string> = new Set([
  '$addFields',
  '$bucket',
  '$bucketAuto',
  '$count',
  '$densify',
  '$documents',
  '$facet',
  '$fill',
  '$geoNear',
  '$graphLookup',
  '$group',
  '$limit',
  '$lookup',
  '$match',
  '$project',
  '$rankFusion',
  '$redact',
  '$replaceRoot',
  '$replaceWith',
  '$sample',
  '$score',
  '$scoreFusion',
  '$search',
  '$searchMeta',
  '$set',
  '$setWindowFields',
  '$skip',
  '$sort',
  '$sortByCount',
  '$unionWith',
  '$unset',
  '$unwind',
  '$vectorSearch',
])

/** Stages whose output for a document depends on that document alone (and on other collections). */
export const singleDocumentStages: ReadonlySet<string> = new Set([
  '$addFields',
  '$graphLookup',
  '$lookup',
  '$match',
  '$project',
  '$redact',
  '$replaceRoot',
  '$replaceWith',
  '$set',
  '$unset',
  '$unwind',
])

type StageReader = (value: unknown, path: string) => unknown

/** Stages in which more than expressions stands: filters, names of collections, further pipelines. */
const special: ReadonlyMap<string, StageReader> = new Map<string, StageReader>([
  ['$match', (value, path) => toBson(value, 'filter', path)],
  ['$lookup', members({ from: collectionName, pipeline: pipelineToBson })],
  ['$graphLookup', members({ from: collectionName, restrictSearchWithMatch: filter })],
  ['$geoNear', members({ query: filter })],
  ['$vectorSearch', members({ filter })],
  ['$facet', (value, path) => eachMember(value, path, pipelineToBson)],
  [
    '$unionWith',
    (value, path) =>
      isObject(value)
        ? members({ coll: collectionName, pipeline: pipelineToBson })(value, path)
        : collectionName(value, path),
  ],
  [
    '$rankFusion',
    members({ input: members({ pipelines: (value, path) => eachMember(value, path, pipelineToBson) }) }),
  ],
  [
    '$scoreFusion',
    members({ input: members({ pipelines: (value, path) => eachMember(value, path, pipelineToBson) }) }),
  ],
  ['$sort', (value, path) => sortToBson(value, path)],
])

/**
 * The stages of a pipeline as BSON.
 * @throws BulkheadError `mongodb-stage-refused` for stages that do more than read, at any depth
 */
export function pipelineToBson(stages: unknown, path: string): readonly BsonDocument[] {
  if (!Array.isArray(stages)) throw queryInvalid('A pipeline is a list of stages', path)
  return stages.map((stage: unknown, index) => stageToBson(stage, `${path}.${index}`))
}

function stageToBson(stage: unknown, path: string): BsonDocument {
  const [name, ...others] = isObject(stage) ? Object.keys(stage) : []
  if (!isObject(stage) || name === undefined || others.length > 0)
    throw queryInvalid('A stage is an object with one key, its name', path)
  if (!readingStages.has(name))
    throw mongodbError(
      'mongodb-stage-refused',
      `${name.slice(0, 60)} is not among the stages that only read`,
      {
        path: `${path}.${name}`,
      },
    )
  const read = special.get(name) ?? ((value: unknown, at: string) => toBson(value, 'expression', at))
  return new Map([[name, read((stage as Record<string, unknown>)[name], `${path}.${name}`)]])
}

/** An order by several fields, of which JavaScript moves names that are numbers to the front. */
export function sortToBson(value: unknown, path: string): unknown {
  if (isObject(value)) {
    const names = Object.keys(value)
    if (names.length > 1 && names.some((name) => /^\d+$/.test(name)))
      throw queryInvalid('The order of names that are numbers is lost on the way', path)
  }
  return toBson(value, 'expression', path)
}

/** Reads the named members in their own way, all others as expressions. */
function members(readers: Readonly<Record<string, StageReader>>): StageReader {
  return (value, path) => {
    if (!isObject(value)) return toBson(value, 'expression', path)
    const plain = documentToBson(
      Object.fromEntries(Object.entries(value).filter(([key]) => !Object.hasOwn(readers, key))),
      'expression',
      path,
    )
    for (const [key, read] of Object.entries(readers))
      if (Object.hasOwn(value, key))
        plain.set(key, read((value as Record<string, unknown>)[key], `${path}.${key}`))
    return plain
  }
}

function eachMember(value: unknown, path: string, read: StageReader): unknown {
  if (!isObject(value)) throw queryInvalid('It is an object with a pipeline for each name', path)
  return new Map(Object.entries(value).map(([key, item]) => [key, read(item, `${path}.${key}`)]))
}

function filter(value: unknown, path: string): unknown {
  return toBson(value, 'filter', path)
}

/**
 * A collection of the connection's database. Names with `$` are commands of old servers, `system.` is
 * the server's own, and a parameter never chooses what is read.
 */
export function collectionName(value: unknown, path: string): string {
  if (value instanceof BoundParameter) throw unfit(value.name, 'cannot be the name of a collection')
  if (typeof value !== 'string' || value === '' || value.length > 255)
    throw queryInvalid('It is the name of a collection of this database', path)
  if (/[$\0]/.test(value) || value.startsWith('system.'))
    throw queryInvalid('Collections of the server itself cannot be read', path)
  return value
}

function isObject(value: unknown): value is object {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof BoundParameter)
  )
}
