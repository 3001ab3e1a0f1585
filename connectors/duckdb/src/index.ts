import { defineConnector, SDK_VERSION, z } from '@bulkhead/connector-sdk'
import { config } from './config.ts'
import { errors } from './errors.ts'
import { openSource } from './source.ts'
import { types } from './types.ts'

/** Longest query, characters: more is data, and belongs into a file. */
const MAX_QUERY = 1_000_000

export default defineConnector({
  name: 'duckdb',
  sdk: SDK_VERSION,
  summary: 'SQL over CSV, JSON and Parquet files, by DuckDB',
  config,
  query: z
    .string()
    .min(1)
    .max(MAX_QUERY)
    .describe("One SELECT in DuckDB's SQL over the tables of `files`, with :name parameters")
    .meta({
      examples: ['SELECT origin, count(*) AS flights FROM flights WHERE delay > :delay GROUP BY origin'],
    }),
  source: {
    capabilities: {
      forms: ['columns'],
      encodes: {},
      snapshot: true,
      replayable: true,
      readOnly: 'enforced',
      query: 'sql',
      limitsRows: true,
    },
    open: openSource,
  },
  types,
  errors,
})
