import { defineConnector, SDK_VERSION } from '@bulkhead/connector-sdk'
import { config } from './config.ts'
import { errors } from './errors.ts'
import { topicQuery } from './query/topic-query.ts'
import { openSource } from './source.ts'
import { types } from './types.ts'

export default defineConnector({
  name: 'kafka',
  sdk: SDK_VERSION,
  summary:
    'Reads the records of an Apache Kafka topic between two ends, by time or offset, without a consumer group',
  config,
  query: topicQuery,
  source: {
    open: openSource,
    capabilities: {
      forms: ['columns'],
      encodes: {},
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
