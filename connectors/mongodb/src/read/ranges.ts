import { BSON, type Db, type Decimal128, type ReadPreference } from 'mongodb'
import type { BsonDocument } from '../query/to-bson.ts'

/** Keys looked at for each range: ranges then differ in size by a fifth or so. */
const samplesPerRange = 64

/**
 * Cuts a collection into ranges of `_id`, from a sample of its keys. Each document is in exactly one
 * range, whatever is written meanwhile: comparisons meet values of one kind only (text, numbers, ...),
 * so the last range is everything that is neither below nor above the first bound, other kinds and
 * documents without `_id` included.
 * @returns undefined when the keys have no order that could be cut, or are too few
 */
export async function findRanges(
  database: Db,
  collection: string,
  parallel: number,
  options: {
    readonly collation: unknown
    readonly maxTimeMS: number
    readonly readPreference: ReadPreference
  },
): Promise<readonly BsonDocument[] | undefined> {
  const { collation, maxTimeMS, readPreference } = options
  const cursor = database.runCursorCommand(
    {
      aggregate: collection,
      pipeline: [
        { $sample: { size: parallel * samplesPerRange } },
        { $project: { _id: 1 } },
        { $sort: { _id: 1 } },
      ],
      cursor: { batchSize: parallel * samplesPerRange },
      maxTimeMS,
      ...(collation !== undefined && { collation }),
    },
    { readPreference, promoteValues: false, promoteLongs: false },
  )
  const keys: unknown[] = []
  try {
    for (;;) {
      const document = (await cursor.next()) as { readonly _id?: unknown } | null
      if (document === null) break
      keys.push(document._id)
    }
  } finally {
    await cursor.close()
  }
  const bounds = boundsOf(keys, parallel)
  return bounds.length === 0 ? undefined : rangesOf(bounds)
}

/** Keys that cut the sorted sample into even parts, of the kind that most of them have. */
function boundsOf(keys: readonly unknown[], parallel: number): readonly unknown[] {
  const kinds = Map.groupBy(keys, kindOf)
  kinds.delete(undefined)
  const [most = []] = [...kinds.values()].sort((one, other) => other.length - one.length)
  const bounds = new Map<string, unknown>()
  for (let part = 1; part < parallel; part++) {
    const key = most[Math.floor((part * most.length) / parallel)]
    if (key !== undefined) bounds.set(BSON.EJSON.stringify(key, { relaxed: false }), key)
  }
  // the smallest key of the sample would make an empty range
  return [...bounds.values()]
}

/** Kinds within which MongoDB compares; undefined for what has no order worth cutting. */
function kindOf(key: unknown): string | undefined {
  if (typeof key === 'string') return 'text'
  if (typeof key === 'number') return 'number'
  if (key instanceof Date) return 'date'
  if (typeof key !== 'object' || key === null || !('_bsontype' in key)) return undefined
  const type = String(key._bsontype)
  if (type === 'ObjectId') return type
  // NaN is neither below nor above any number
  return numberTypes.has(type) && !Number.isNaN(Number((key as Decimal128).toString())) ? 'number' : undefined
}

const numberTypes: ReadonlySet<string> = new Set(['Int32', 'Long', 'Double', 'Decimal128'])

/** Half-open ranges between the bounds, and everything else. */
function rangesOf(bounds: readonly unknown[]): readonly BsonDocument[] {
  const first = bounds[0]
  const below = new Map([['_id', new Map([['$lt', first]])]])
  const above = new Map([['_id', new Map([['$gte', first]])]])
  return [
    below,
    ...bounds.map((bound, index) => {
      const next = bounds[index + 1]
      return new Map([
        [
          '_id',
          new Map(
            next === undefined
              ? [['$gte', bound]]
              : [
                  ['$gte', bound],
                  ['$lt', next],
                ],
          ),
        ],
      ])
    }),
    new Map([['$nor', [below, above]]]),
  ]
}
