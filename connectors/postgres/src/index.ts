import { defineConnector, SDK_VERSION, z } from '@bulkhead/connector-sdk'
import { config } from './config.ts'
import { errors } from './errors.ts'
import { csvOptions } from './query/copy-text.ts'
import { maxQueryLength } from './query/query-text.ts'
import { openSource } from './source.ts'
import { types } from './types.ts'

export default defineConnector({
  name: 'postgres',
  sdk: SDK_VERSION,
  summary: 'Reads PostgreSQL by COPY: one SELECT with :name parameters, in a read-only snapshot',
  config,
  query: z
    .string()
    .min(1)
    .max(maxQueryLength)
    .meta({
      title: 'Query',
      description: 'One SELECT, VALUES, TABLE or WITH in the SQL of PostgreSQL. Parameters are written :name',
      examples: ['SELECT id, total FROM invoice WHERE month = :month ORDER BY id'],
    }),
  source: {
    open: openSource,
    capabilities: {
      forms: ['bytes', 'columns'],
      encodes: { csv: { options: csvOptions }, jsonl: { options: [] } },
      snapshot: true,
      replayable: true,
      readOnly: 'enforced',
      query: 'sql',
      limitsRows: true,
    },
  },
  types,
  errors,
})
