/** Records out of files as older systems write them: row by row. */
import { defineConnector, SDK_VERSION } from '@bulkhead/connector-sdk'
import { config } from './config.ts'
import { errors } from './errors.ts'
import { query } from './query.ts'
import { openSource } from './source.ts'
import { types } from './types.ts'

export default defineConnector({
  name: 'file-records',
  sdk: SDK_VERSION,
  summary:
    'Records of delimited, fixed-width, XML and Excel files, packed or not, in the encodings of older systems',
  config,
  query,
  source: {
    capabilities: {
      forms: ['columns'],
      encodes: {},
      snapshot: true,
      replayable: true,
      readOnly: 'enforced',
      query: 'object',
      limitsRows: true,
    },
    open: openSource,
  },
  types,
  errors,
})
