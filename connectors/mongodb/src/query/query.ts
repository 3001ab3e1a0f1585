import { orParameter, z } from '@bulkhead/connector-sdk'
import { readPreferences } from '../config.ts'

/** The query, as users write it: one definition for type, check, form and documentation. */

const document = z.record(z.string(), z.unknown())

const collation = document.meta({
  description:
    'Rules by which text is compared and sorted, as MongoDB has them: { locale: "fr", strength: 1 }',
})
const hint = z.union([z.string().min(1).max(200), document]).meta({
  description: 'Index to use, by its name or its keys',
})

export const columnTypes = [
  'text',
  'integer',
  'float',
  'decimal',
  'boolean',
  'timestamp',
  'binary',
  'json',
] as const
export type ColumnType = (typeof columnTypes)[number]

const step = z.string().min(1).max(500)

const field = z.strictObject({
  path: z.union([step, z.array(step).min(1).max(50)]).meta({
    description:
      'Where the value is: `total`, `customer.name`, `items.0.sku`; as a list when a name itself has a dot',
  }),
  name: z.string().min(1).max(200).optional().meta({
    description: 'Name of the column; default: the path with dots',
  }),
  type: z.enum(columnTypes).meta({
    description:
      'Type of the column; a value that does not fit is an error. `text` also takes ObjectId and UUID, `decimal` every number, `json` everything',
  }),
})

const common = {
  collection: z
    .string()
    .min(1)
    .max(255)
    .meta({
      description: 'Collection or view of the database; cannot be a parameter',
      examples: ['orders'],
    }),
  fields: z.array(field).min(1).max(2000).optional().meta({
    description:
      'Columns of a flat table. Without them (and without `discover`) a result is documents: one a line in JSON Lines, one column `document` elsewhere',
  }),
  discover: z.int().min(1).max(10_000).optional().meta({
    description:
      'Columns are the top-level fields of so many documents, the first of the result; a field that comes later is an error, or goes to `rest`',
  }),
  rest: z.string().min(1).max(200).optional().meta({
    description: 'Name of a column, as JSON, for the top-level fields that have no column of their own',
  }),
  extendedJson: z.enum(['relaxed', 'canonical']).default('relaxed').meta({
    description:
      'How MongoDB Extended JSON v2 writes documents and columns of type json. `relaxed` reads well and keeps every value; `canonical` keeps the type of every number too',
  }),
  readPreference: z.enum(readPreferences).optional().meta({
    description: 'Which members of a replica set are read; default: as the connection says',
  }),
  parallel: z.int().min(2).max(16).optional().meta({
    description:
      'Reads so many ranges of `_id` at once, each by a connection of its own. Documents come in no order; refused with sort, limit, skip, hint and stages that need all documents',
  }),
  allowDiskUse: z.boolean().optional().meta({
    description: 'Lets sort and group of the server use its disk; default: as the server has it',
  }),
}

const findQuery = z.strictObject({
  ...common,
  find: z
    .strictObject({
      filter: document.optional().meta({
        description:
          'Which documents; values other than text, numbers, booleans and null as Extended JSON: { "$oid": "…" }, { "$date": "…" }',
      }),
      projection: document.optional().meta({ description: 'Which fields' }),
      sort: document.optional().meta({ description: 'In which order: { "day": 1, "_id": 1 }' }),
      limit: orParameter(z.int().min(1)).optional().meta({ description: 'At most so many documents' }),
      skip: orParameter(z.int().min(0))
        .optional()
        .meta({ description: 'Leaves out so many at the beginning' }),
      hint: hint.optional(),
      collation: collation.optional(),
    })
    .meta({ description: 'Arguments of find' }),
})

const aggregateQuery = z.strictObject({
  ...common,
  aggregate: z
    .array(document)
    .max(1000)
    .meta({
      description: 'Stages of the pipeline, only such as read',
      examples: [[{ $match: { paid: true } }]],
    }),
  hint: hint.optional(),
  collation: collation.optional(),
})

export const query = z.union([findQuery, aggregateQuery]).meta({
  description:
    'What to read of one collection, by find or aggregate. `{ "$param": "name" }` stands for a whole value, also inside Extended JSON: { "$date": { "$param": "since" } }',
  examples: [
    {
      collection: 'orders',
      find: { filter: { day: { $gte: { $date: { $param: 'since' } } } }, sort: { day: 1, _id: 1 } },
    },
    {
      collection: 'orders',
      aggregate: [{ $group: { _id: '$country', total: { $sum: '$total' } } }],
      fields: [
        { path: '_id', name: 'country', type: 'text' },
        { path: 'total', type: 'decimal' },
      ],
    },
  ],
})

export type Query = z.output<typeof query>
export type FieldDeclaration = z.output<typeof field>
