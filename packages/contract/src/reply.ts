import { errorKinds, z } from '@bulkhead/connector-sdk'
import { preparationSchema } from './prepare.ts'

/** A reply, version 1: its names stay. */

export const replyStatuses = [
  'accepted',
  'progress',
  'completed',
  'completed-with-errors',
  'failed',
  'cancelled',
] as const
export type ReplyStatus = (typeof replyStatuses)[number]

const instant = z.iso.datetime()

const described = <T extends z.ZodType>(schema: T, description: string): T => schema.meta({ description })

export const resultFileSchema = z.object({
  name: described(z.string(), 'Name of the file'),
  url: described(z.string(), 'Signed link: whoever has it can download the file until it expires'),
  expiresAt: described(instant, 'When the link ends'),
  contentType: described(z.string(), 'Media type of the data, whatever it is packed in'),
  format: described(z.string(), 'csv, jsonl, parquet, avro, xlsx or binary'),
  compression: described(z.string(), 'none, gzip or zstd; inside the file for parquet, avro and xlsx'),
  encryption: described(z.string().optional(), '`age` when the file is encrypted'),
  rows: described(z.int().nullable(), 'Rows in the file; null when it was copied unread'),
  bytes: described(z.int(), 'Size of the stored object'),
  location: described(z.string().optional(), 's3://... or file:///...; an application may leave it out'),
  checksum: described(
    z.object({
      algorithm: described(z.literal('sha256'), 'How it was computed'),
      scope: described(z.literal('object'), 'Over the bytes of the stored object'),
      value: described(z.string(), 'Lower-case hexadecimal'),
    }),
    'To check a download with',
  ),
})

export const replyErrorSchema = z.object({
  code: described(z.string(), 'Stable; see the reference of errors'),
  kind: described(z.enum(errorKinds), 'What is done about it; see the reference of errors'),
  message: described(z.string(), 'Fit for the requester: no internals, no row data'),
  retryable: described(z.boolean(), 'Whether the same request may succeed later'),
  retryAfterSeconds: described(
    z.int().optional(),
    'How long to wait before it is sent again, where somebody said so',
  ),
  path: described(z.string().optional(), 'Where in the request or manifest'),
  fix: described(z.string().optional(), 'What to do'),
  documentation: described(z.string(), 'Where the code is explained'),
})

export const replySchemaV1 = z.object({
  requestId: described(z.string(), 'Id of the request'),
  runId: described(z.string(), 'Id of the run, a UUID of version 7; part of the keys of its objects'),
  application: described(z.string(), 'Name of the application'),
  job: described(z.string().optional(), 'Name of the job; absent for an ad hoc request'),
  attempt: described(z.int(), 'Counts what was run for the request, from 1'),
  sequence: described(z.int(), 'Rises with every message of the attempt'),
  status: described(z.enum(replyStatuses), 'How far the run is, or how it ended'),
  guarantee: described(z.string().optional(), 'What was promised about the result, and kept'),
  consistency: described(
    z.string().optional(),
    '`snapshot`: the rows are of one moment; `none`: they may not be',
  ),
  connection: described(
    z.string().optional(),
    'The connection that was read: a fallback, when the first one could not be reached',
  ),
  tries: described(
    z.int().optional(),
    'How often reading was begun, or was to be: more than once after outages; absent when it never came to that',
  ),
  prepared: described(
    preparationSchema.optional(),
    'What `prepare` of the job made of the request; absent when the job has none',
  ),
  flags: described(
    z.record(z.string(), z.union([z.boolean(), z.number(), z.string()])).optional(),
    'Flags of the application as they stood for this request; absent when it has none',
  ),
  warnings: described(
    z.array(z.string()),
    'What the requester should know: unknown fields, links that end early',
  ),
  context: described(z.unknown().optional(), 'What the request gave as its context'),
  reusedFrom: described(
    z
      .object({
        runId: described(z.string(), 'The run that made it'),
        readAt: described(instant, 'When that run began to read: as old the rows may be'),
      })
      .optional(),
    'The result is that of an identical request before: nothing was run for this one, as the job allows by `reuse`',
  ),
  acceptedAt: described(instant, 'When the request was accepted'),
  startedAt: described(instant.optional(), 'When the attempt began'),
  finishedAt: described(instant.optional(), 'When it ended'),
  progress: described(
    z
      .object({
        rows: described(z.int().nullable(), 'Rows written so far; null when nobody counts them'),
        bytes: described(z.int(), 'Bytes written so far, as stored'),
      })
      .optional(),
    'With status `progress`',
  ),
  result: described(
    z
      .object({
        rows: described(z.int().nullable(), 'Rows of all files; null when they were copied unread'),
        bytes: described(z.int(), 'Size of all stored objects, the manifest apart'),
        keptUntil: described(
          instant.optional(),
          'When its time is over: it is removed from the store then, and asking for a new link is of no use any more. Absent: when its store removes it',
        ),
        rejected: described(z.int().optional(), 'Rows left out, with status completed-with-errors'),
        files: described(z.array(resultFileSchema), 'The files, in order'),
        manifest: described(resultFileSchema.optional(), 'The object that lists the files of a split result'),
      })
      .optional(),
    'With status `completed` and `completed-with-errors`',
  ),
  error: described(replyErrorSchema.optional(), 'With status `failed` and `cancelled`'),
})

export type ReplyData = z.output<typeof replySchemaV1>
export type ResultFile = z.output<typeof resultFileSchema>
export type ReplyError = z.output<typeof replyErrorSchema>

/** A CloudEvent 1.0.2 that carries a reply. */
export interface ReplyEvent {
  readonly specversion: '1.0'
  readonly type: `dev.bulkhead.run.${ReplyStatus}.v1`
  readonly source: `/bulkhead/applications/${string}`
  readonly subject: string
  readonly id: string
  readonly time: string
  readonly datacontenttype: 'application/json'
  readonly data: ReplyData
}
