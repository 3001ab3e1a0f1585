import { defineConnector, SDK_VERSION, z } from '@bulkhead/connector-sdk'
import { config } from './config.ts'
import { errors } from './errors.ts'
import { openSource } from './source.ts'
import { types } from './types.ts'

/** MySQL, MariaDB and Aurora MySQL as a source: prepared statements, their rows as columns, exact for every type. */
export default defineConnector({
  name: 'mysql',
  sdk: SDK_VERSION,
  summary: 'Reads MySQL, MariaDB and Aurora MySQL, exact for every type, from one moment of the database',
  config,
  query: z
    .string()
    .min(1)
    .max(1_000_000)
    .meta({
      title: 'Query',
      description: 'One SELECT, WITH, VALUES or TABLE in the SQL of the server. Parameters are written :name',
      examples: ['SELECT id, total FROM invoice WHERE month = :month ORDER BY id'],
    }),
  source: {
    open: openSource,
    capabilities: {
      forms: ['columns'],
      encodes: {},
      snapshot: true,
      replayable: true,
      readOnly: 'enforced',
      query: 'sql',
      limitsRows: true,
    },
  },
  errors,
  types,
})
