import { defineConnector, SDK_VERSION, z } from '@bulkhead/connector-sdk'
import { config } from './config.ts'
import { errors } from './errors.ts'
import { maxQueryLength } from './prepare-read.ts'
import { tableQuery } from './query/table-query.ts'
import { openSource } from './source.ts'
import { types } from './types.ts'

export default defineConnector({
  name: 'cassandra',
  sdk: SDK_VERSION,
  summary:
    'Reads Apache Cassandra: one SELECT with :name parameters, or a whole table by its token ranges in parallel',
  config,
  query: z
    .union([
      z
        .string()
        .min(1)
        .max(maxQueryLength)
        .meta({
          description: 'One SELECT in CQL. Parameters are written :name',
          examples: ['SELECT day, value FROM telemetry.reading WHERE sensor = :sensor AND day >= :from'],
        }),
      tableQuery,
    ])
    .meta({
      title: 'Query',
      description: 'One SELECT, or an object that names a table to be read as a whole',
    }),
  source: {
    open: openSource,
    capabilities: {
      forms: ['rows'],
      encodes: {},
      snapshot: false,
      replayable: true,
      readOnly: 'enforced',
      query: 'either',
      limitsRows: true,
    },
  },
  types,
  errors,
})
