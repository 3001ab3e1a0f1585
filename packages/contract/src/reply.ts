import { errorKinds } from '@bulkhead/connector-sdk'
import { z } from 'zod'

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

export const resultFileSchema = z.object({
  name: z.string().meta({ description: 'Name of the file' }),
  url: z.string().meta({ description: 'Signed link: whoever has it can download the file until it expires' }),
  expiresAt: instant.meta({ description: 'When the link ends' }),
  contentType: z.string().meta({ description: 'Media type of the file' }),
  format: z.string().meta({ description: 'csv, jsonl, parquet or binary' }),
  compression: z.string().meta({ description: 'none, gzip or zstd' }),
  encryption: z.string().optional().meta({ description: '`age` when the file is encrypted' }),
  rows: z.int().nullable().meta({ description: 'Rows in the file; null when it was copied unread' }),
  bytes: z.int().meta({ description: 'Size of the stored object' }),
  location: z
    .string()
    .optional()
    .meta({ description: 's3://... or file:///...; an application may leave it out' }),
  checksum: z.object({
    algorithm: z.literal('sha256'),
    scope: z.literal('object').meta({ description: 'Over the bytes of the stored object' }),
    value: z.string().meta({ description: 'Lower-case hexadecimal' }),
  }),
})

export const replyErrorSchema = z.object({
  code: z.string().meta({ description: 'Stable; see the reference of errors' }),
  kind: z.enum(errorKinds),
  message: z.string().meta({ description: 'Fit for the requester: no internals, no row data' }),
  retryable: z.boolean().meta({ description: 'Whether the same request may succeed later' }),
  path: z.string().optional().meta({ description: 'Where in the request or manifest' }),
  fix: z.string().optional().meta({ description: 'What to do' }),
  documentation: z.string().meta({ description: 'Where the code is explained' }),
})

export const replySchemaV1 = z.object({
  requestId: z.string(),
  runId: z.string(),
  application: z.string(),
  job: z.string().optional(),
  attempt: z.int(),
  sequence: z.int().meta({ description: 'Rises with every message of the attempt' }),
  status: z.enum(replyStatuses),
  guarantee: z.string().optional(),
  consistency: z.string().optional(),
  connection: z.string().optional().meta({ description: 'The connection that was read' }),
  warnings: z.array(z.string()),
  context: z.unknown().optional(),
  acceptedAt: instant,
  startedAt: instant.optional(),
  finishedAt: instant.optional(),
  progress: z.object({ rows: z.int().nullable(), bytes: z.int() }).optional(),
  result: z
    .object({
      rows: z.int().nullable(),
      bytes: z.int(),
      rejected: z.int().optional().meta({ description: 'Rows left out, with status completed-with-errors' }),
      files: z.array(resultFileSchema),
      manifest: resultFileSchema
        .optional()
        .meta({ description: 'The object that lists the files of a split result' }),
    })
    .optional(),
  error: replyErrorSchema.optional(),
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
