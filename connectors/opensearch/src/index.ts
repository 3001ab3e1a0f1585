import { defineConnector, SDK_VERSION } from '@bulkhead/connector-sdk'
import { types } from './columns/field-type.ts'
import { config } from './config.ts'
import { errors } from './errors.ts'
import { query } from './query/query.ts'
import { openSource } from './source.ts'

export default defineConnector({
  name: 'opensearch',
  sdk: SDK_VERSION,
  summary: 'Reads OpenSearch by a query, at one point in time: documents as they were stored, or columns',
  config,
  query,
  source: {
    open: openSource,
    capabilities: {
      forms: ['bytes', 'columns'],
      encodes: { jsonl: { options: [] } },
      snapshot: true,
      replayable: true,
      readOnly: 'enforced',
      query: 'object',
      limitsRows: true,
    },
  },
  types,
  errors,
})
