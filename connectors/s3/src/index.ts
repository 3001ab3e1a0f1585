/** S3 and compatible stores: a source of objects that are copied as they are, and a store of results. */
import { defineConnector } from '@bulkhead/connector-sdk'
import { config } from './config.ts'
import { errors } from './errors.ts'
import { query } from './query.ts'
import { openSource } from './s3-source.ts'
import { openStore } from './s3-store.ts'

export default defineConnector({
  name: 's3',
  sdk: 1,
  summary: 'S3 and compatible stores, as a source of objects and as a store',
  config,
  query,
  source: {
    open: openSource,
    capabilities: {
      forms: ['bytes'],
      encodes: { binary: { options: [] } },
      snapshot: false,
      replayable: true,
      readOnly: 'enforced',
      query: 'object',
      limitsRows: false,
    },
  },
  store: { open: openStore, capabilities: { parallelParts: true, links: 'own' } },
  errors,
})
