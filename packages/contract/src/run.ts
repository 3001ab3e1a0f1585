import { z } from '@bulkhead/connector-sdk'
import { replySchemaV1, resultFileSchema } from './reply.ts'

/** A run of a server, as it is kept and told. */

/** Every state of a run; `engine/job` says how one follows from another (I10). */
export const runStates = [
  'queued',
  'running',
  'completed',
  'completed-with-errors',
  'failed',
  'cancelled',
] as const
/** What a queued run may wait for: a runner, the end of another run of its application, or a place at a source system. */
export const waitReasons = ['runners', 'concurrentRuns', 'system', 'identicalRequest'] as const
export type RunState = (typeof runStates)[number]
export type FinalState = Exclude<RunState, 'queued' | 'running'>

/**
 * A reply as it is kept: with places and no links. A link is a credential, and is made when a reply is
 * sent; what is kept of a run holds none.
 */
const storedFileSchema = resultFileSchema.omit({ url: true, expiresAt: true })
export const storedReplySchema = replySchemaV1.extend({
  result: replySchemaV1.shape.result
    .unwrap()
    .extend({ files: z.array(storedFileSchema), manifest: storedFileSchema.optional() })
    .optional(),
})
export type StoredReply = z.output<typeof storedReplySchema>

/** What links to a result are made from, by a runner of its application. Holds no secret. */
export const deliverySchema = z.object({
  /** Name of a store in the application's manifest. */
  store: z.string(),
  urlExpiresInSeconds: z.int(),
  /** When the time of the result is over, epoch milliseconds; absent: it is kept. */
  keptUntilMs: z.int().optional(),
  /** In the order of the reply's files, its manifest last. */
  files: z.array(
    z.object({
      name: z.string(),
      objectContentType: z.string(),
      stored: z.object({ key: z.string(), location: z.string(), bytes: z.int() }),
    }),
  ),
})
export type Delivery = z.output<typeof deliverySchema>

/**
 * How long a link lasts that is made when the time of its result is over, or nearly: the result is removed so much
 * later, and no link ever ends before it says so. Seconds.
 */
export function lateLinkSeconds({ urlExpiresInSeconds }: Pick<Delivery, 'urlExpiresInSeconds'>): number {
  return Math.min(urlExpiresInSeconds, 900)
}

/** Where the time of a run went, for traces: reading by the connector, writing to the store; they overlap. */
export const runPhaseSchema = z.object({
  name: z.enum(['connector', 'upload']),
  startMs: z.int(),
  endMs: z.int(),
})
export type RunPhase = z.output<typeof runPhaseSchema>

/** How many faults of one kind a run is told with; a run has at most 20 attempts with 6 connections each. */
const mostFaults = 120

/** What a run met on its way to its sources, for metrics. Names are those of the manifest. */
export const sourceReportSchema = z.object({
  /** By connection and code, those of attempts that were followed by others too. */
  faults: z
    .array(z.object({ connection: z.string().max(100), code: z.string().max(100), count: z.int().min(1) }))
    .max(mostFaults),
  /** Connections whose breaker this run has opened, each time once. */
  opened: z.array(z.string().max(100)).max(mostFaults),
  /** Whether the rows are of a fallback. */
  fallback: z.boolean(),
})
export type SourceReport = z.output<typeof sourceReportSchema>

/** How a run ended, as its runner says it. */
export const runOutcomeSchema = z.object({
  reply: storedReplySchema,
  /** Undefined when there is no result. */
  delivery: deliverySchema.optional(),
  /** Of the attempt that reached the end. */
  /** The query that `prepare` gave, as text for the history; at most 16 KiB. */
  preparedQuery: z.string().max(20_000).optional(),
  phases: z.array(runPhaseSchema).max(10).optional(),
  /** Absent when there is nothing to tell. */
  source: sourceReportSchema.optional(),
})
export type RunOutcome = z.output<typeof runOutcomeSchema>

/** One control message, kept until it is effective. */
export const runCommands = ['cancel'] as const
export type RunCommand = (typeof runCommands)[number]
