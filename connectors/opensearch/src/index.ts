import { defineConnector, SDK_VERSION, z } from '@bulkhead/connector-sdk'
import { types } from './columns/field-type.ts'
import { config } from './config.ts'
import { errors } from './errors.ts'
import { query } from './query/query.ts'
import { maxSqlLength } from './sql/bind-sql.ts'
import { openSource } from './source.ts'

export default defineConnector({
  name: 'opensearch',
  sdk: SDK_VERSION,
  summary:
    'Reads OpenSearch by a query, at one point in time: documents as they were stored, or columns; or by SQL of its plugin',
  config,
  query: z
    .union([
      z
        .string()
        .min(1)
        .max(maxSqlLength)
        .meta({
          description:
            'One SELECT, SHOW or DESCRIBE for the SQL plugin of the server. Parameters are written :name',
          examples: ['SELECT region, total FROM orders WHERE total > :least ORDER BY total'],
        }),
      query,
    ])
    .meta({ title: 'Query', description: 'A query in the language of OpenSearch, or SQL' }),
  source: {
    open: openSource,
    capabilities: {
      forms: ['bytes', 'columns'],
      encodes: { jsonl: { options: [] } },
      // The plugin of SQL has no point in time.
      snapshot: 'object',
      replayable: true,
      readOnly: 'enforced',
      query: 'either',
      limitsRows: true,
    },
  },
  types,
  errors,
})
