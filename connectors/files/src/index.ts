import { defineConnector, SDK_VERSION } from '@bulkhead/connector-sdk'
import { config, query } from './config.ts'
import { errors } from './errors.ts'
import { openSource } from './source.ts'
import { openStore } from './store.ts'

export default defineConnector({
  name: 'files',
  sdk: SDK_VERSION,
  summary: 'A local folder: copies its files as they are, and stores results',
  config,
  query,
  source: {
    capabilities: {
      forms: ['bytes'],
      encodes: { binary: { options: [] } },
      snapshot: true,
      replayable: true,
      readOnly: 'enforced',
      query: 'object',
      limitsRows: false,
    },
    open: openSource,
  },
  store: { capabilities: { parallelParts: true, links: 'platform' }, open: openStore },
  errors,
})
