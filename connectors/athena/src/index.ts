/** Amazon Athena as a source: SQL in, its result object out. */
import { defineConnector, SDK_VERSION, z } from '@bulkhead/connector-sdk'
import { config } from './config.ts'
import { errors } from './errors.ts'
import { maxQueryBytes } from './query/statement.ts'
import { openSource } from './source.ts'
import { types } from './types.ts'

export default defineConnector({
  name: 'athena',
  sdk: SDK_VERSION,
  summary: 'Runs one SELECT of Amazon Athena with :name parameters, and reads its result',
  config,
  query: z
    .string()
    .min(1)
    .max(maxQueryBytes)
    .meta({
      title: 'Query',
      description: 'One statement that reads, in the SQL of Athena. Parameters are written :name',
      examples: ['SELECT id, total FROM orders WHERE day >= CAST(:from AS date) AND country IN (:countries)'],
    }),
  source: {
    open: openSource,
    capabilities: {
      forms: ['rows', 'bytes'],
      encodes: { binary: { options: [] } },
      snapshot: false,
      replayable: true,
      readOnly: 'by-rights',
      query: 'sql',
      // rows are; files of UNLOAD are copied whole
      limitsRows: false,
    },
  },
  types,
  errors,
})
