import { orParameter, z } from '@bulkhead/connector-sdk'
import { metadataNames } from '../search/scan-page.ts'

/** What a user writes. Parameters may stand in `index`, `routing` and, as values, in `query`. */

/** Most indices of a list; a pattern names more. */
const MOST_INDICES = 200
/** Most columns of a result. */
const MOST_COLUMNS = 5000

const indexName = z
  .string()
  .min(1)
  .max(255)
  .regex(
    /^[^\s\\/"<>|,#:?%]+$/,
    'must be one name, alias or pattern, without comma, colon or date arithmetic',
  )
  .regex(/^[^_-]/, 'must not begin with _ or -')

const fieldPath = z.string().min(1).max(1000)

export const columnTypes = [
  'boolean',
  'integer',
  'float',
  'decimal',
  'text',
  'date',
  'timestamp',
  'binary',
  'json',
] as const

const column = z.union([
  fieldPath,
  z.strictObject({
    path: fieldPath.meta({
      description:
        'Path of the field in the document, parts separated by dots; or metadata such as `_id`; or `_source` for the whole document',
      examples: ['address.city'],
    }),
    name: z
      .string()
      .min(1)
      .max(1000)
      .optional()
      .meta({ description: 'Name of the column; default: the path' }),
    type: z.enum(columnTypes).optional().meta({
      description:
        'What the values are kept as; default: by the mapping. A value that the type cannot keep exactly fails the run; `json` keeps every value',
    }),
  }),
])

const dsl = z.record(z.string(), z.unknown())

const structure = {
  sort: z
    .array(z.union([z.string().min(1).max(1000), dsl]))
    .min(1)
    .max(20)
    .optional()
    .meta({
      description:
        'Order of the result, as the server takes it. Ties are broken by the place in the index. Default: none, which is fastest, and lets parts be read side by side',
      examples: [[{ orderedAt: 'asc' }]],
    }),
  source: z
    .strictObject({
      include: z.array(fieldPath).min(1).max(MOST_COLUMNS).optional().meta({
        description: 'Fields to keep, with all below them; parts of a path separated by dots. Default: all',
      }),
      exclude: z.array(fieldPath).min(1).max(MOST_COLUMNS).optional().meta({
        description: 'Fields to leave out, with all below them',
      }),
    })
    .optional()
    .meta({
      description:
        'Part of each document that is kept. It is cut out here: the server would print numbers anew and lose digits',
    }),
  metadata: z
    .array(z.enum(metadataNames))
    .min(1)
    .max(metadataNames.length)
    .optional()
    .meta({
      description:
        'What is added to each document: JSON Lines become `{"_id":…,"_source":{…}}`, columns come first. Default: none',
      examples: [['_id', '_index']],
    }),
  columns: z
    .array(column)
    .min(1)
    .max(MOST_COLUMNS)
    .optional()
    .meta({
      description:
        'Columns of the result, in order. Default: JSON Lines are the documents as they were stored; other formats have the fields of the mapping, those below others as JSON',
      examples: [['orderId', { path: 'customer.name', name: 'customer' }, { path: 'lines', type: 'json' }]],
    }),
  slices: z.int().min(1).max(64).optional().meta({
    description:
      'Most parts that are read side by side, within `limits.connections`; shards are cut into several where there are fewer. With 1, documents come in the order of the index. Default: 2',
  }),
  pageSize: z.int().min(1).max(10_000).optional().meta({
    description:
      'Most documents of one answer; default 10000, the largest that indices allow by default. Large documents make pages smaller by themselves',
  }),
}

export const query = z
  .strictObject({
    index: z.union([orParameter(indexName), z.array(orParameter(indexName)).min(1).max(MOST_INDICES)]).meta({
      description:
        'Index, alias or pattern, or a list of them; closed and hidden indices of a pattern are left out',
      examples: ['orders', 'logs-2026-*'],
    }),
    query: dsl.optional().meta({
      description:
        'Query in the language of OpenSearch; values may be `{ "$param": "name" }`. Default: all documents',
      examples: [{ range: { orderedAt: { gte: { $param: 'from' } } } }],
    }),
    routing: orParameter(z.string().min(1).max(1000)).optional().meta({
      description: 'Reads only the shards of these routing values, separated by commas; default: all',
    }),
    ...structure,
  })
  .meta({
    description: 'Documents of one or more indices at one moment, chosen by a query',
    examples: [
      {
        index: 'orders',
        query: { range: { orderedAt: { gte: { $param: 'from' } } } },
        columns: ['orderId', 'total', 'customer.name'],
      },
    ],
  })

/** Stands in an address, which has no other text. */
const inAddress = (text: string): boolean => text.isWellFormed()
const boundName = indexName.refine(inAddress, 'must be valid Unicode')

/** The query once its parameters are bound. */
export const boundQuery = z.strictObject({
  index: z.union([boundName, z.array(boundName).min(1).max(MOST_INDICES)]),
  query: dsl.optional(),
  routing: z.string().min(1).max(1000).refine(inAddress, 'must be valid Unicode').optional(),
  ...structure,
})

export type BoundQuery = z.output<typeof boundQuery>
export type ColumnType = (typeof columnTypes)[number]
