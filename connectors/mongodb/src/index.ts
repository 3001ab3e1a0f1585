/** MongoDB as a source: documents by find and aggregate, as JSON Lines or as a flat table. */
import { defineConnector } from '@bulkhead/connector-sdk'
import { config } from './config.ts'
import { errors } from './errors.ts'
import { query } from './query/query.ts'
import { openSource } from './source.ts'
import { types } from './types.ts'

export default defineConnector({
  name: 'mongodb',
  sdk: 1,
  summary: 'MongoDB as a source of documents, by find and aggregate',
  config,
  query,
  source: {
    open: openSource,
    capabilities: {
      forms: ['bytes', 'columns'],
      encodes: { jsonl: { options: [] } },
      snapshot: false,
      replayable: true,
      readOnly: 'enforced',
      query: 'object',
      limitsRows: true,
    },
  },
  types,
  errors,
})
