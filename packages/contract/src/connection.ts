import { z } from '@bulkhead/connector-sdk'
import { name } from './names.ts'
import { duration, nextRun } from './output.ts'
import { parseDuration } from './quantities.ts'

/** Connections and stores of a manifest: a connector with its settings. */

/** Settings of a connector; `{ env: NAME }` and `{ secret: NAME }` may stand for a whole value. */
const connectorConfig = z.record(z.string(), z.unknown()).default({})
const connectorRef = z
  .string()
  .max(120)
  .regex(/^[a-z0-9][a-z0-9-]*(@[\^~]?\d+(\.\d+){0,2})?$/, 'must be NAME or NAME@^1')

/** Systems and their clients count milliseconds in 32 bits: about 24 days. */
const timeout = duration.refine((text) => isTimeout(text), 'must be from a millisecond to 24 days')

function isTimeout(text: string): boolean {
  try {
    const ms = parseDuration(text)
    return ms >= 1 && ms < 2 ** 31
  } catch {
    return true // what is no duration at all was said already
  }
}

export const connectionSchema = z.strictObject({
  connector: connectorRef.meta({
    description: 'Connector and versions that fit; the exact version is in application.lock.json',
    examples: ['postgres@^1'],
    ...nextRun,
  }),
  config: connectorConfig.meta({
    description: 'Settings of the connector; see `bulkhead connectors show NAME`',
    ...nextRun,
  }),
  limits: z
    .strictObject({
      connections: z
        .int()
        .min(1)
        .max(100)
        .default(4)
        .meta({ description: 'Connections open at once', ...nextRun }),
      queryTimeout: timeout
        .default('PT30M')
        .meta({ description: 'Longest time of one query; the server ends it then', ...nextRun }),
      connectTimeout: timeout
        .default('PT15S')
        .meta({ description: 'Longest time to reach the system', ...nextRun }),
    })
    .prefault({})
    .meta({ description: 'Limits of this connection', ...nextRun }),
  breaker: z
    .strictObject({
      failures: z
        .int()
        .min(0)
        .max(1000)
        .default(5)
        .meta({
          description:
            'Faults of the connection in a row, with no success in between, after which it is not tried for `openFor`: it cannot be reached, does not answer in time, or asks for less. What is wrong with a query or a password never counts. 0: it is tried every time, and a system that is down costs each run its time to connect',
          ...nextRun,
        }),
      openFor: timeout.default('PT30S').meta({
        description:
          'How long it is not tried then, or longer when the system says so: a run reads its fallback at once, or waits as its `retry` lets it, or fails with `connection-paused`. After that one try is let through, and its success ends the pause',
        ...nextRun,
      }),
    })
    .prefault({})
    .meta({
      description:
        'Circuit breaker of this connection. Each runner process of a server has its own and keeps it from run to run, for the connection with these settings; a run without a server, or in a process of its own, has none',
      ...nextRun,
    }),
  fallback: z
    .array(name)
    .max(5)
    .default([])
    .meta({
      description:
        'Other connections of the application, of the same connector, that are read in this order when this one cannot be reached. Only before the first row, and never when a query is wrong or a password refused; the reply names the connection that was read. Default: none, and the run is tried again later',
      examples: [['ledger-replica']],
      ...nextRun,
    }),
})

export const storeSchema = z.strictObject({
  connector: connectorRef.meta({
    description: 'A connector that can hold result files',
    examples: ['s3@^1'],
    ...nextRun,
  }),
  config: connectorConfig.meta({ description: 'Settings of the connector', ...nextRun }),
  retention: duration.optional().meta({
    description:
      'How long results are kept after the end of their run, and no shorter than their link is valid; the reply says until when, as `result.keptUntil`. A server has them removed then, and answers a repeat of the request by `result-expired`; results of runs without a server are removed by a lifecycle rule of the bucket. Default: as long as the platform lets them be kept, for ever when it says nothing',
    ...nextRun,
  }),
})

export type Connection = z.output<typeof connectionSchema>
export type StoreDeclaration = z.output<typeof storeSchema>
