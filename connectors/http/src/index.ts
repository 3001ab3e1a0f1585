/** HTTP APIs that answer in JSON: a source of records, page by page. */
import { defineConnector } from '@bulkhead/connector-sdk'
import { config } from './config.ts'
import { errors } from './errors.ts'
import { openSource } from './http-source.ts'
import { query } from './query.ts'
import { types } from './types.ts'

export default defineConnector({
  name: 'http',
  sdk: 1,
  summary: 'HTTP APIs that answer in JSON or JSON Lines, page by page',
  config,
  query,
  source: {
    open: openSource,
    capabilities: {
      forms: ['columns'],
      encodes: {},
      snapshot: false,
      replayable: true,
      readOnly: 'by-rights',
      query: 'object',
      limitsRows: true,
    },
  },
  types,
  errors,
})
