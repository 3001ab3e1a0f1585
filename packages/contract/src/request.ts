import { z } from '@bulkhead/connector-sdk'
import { name } from './names.ts'
import { requestDeliverSchema, requestOutputSchema } from './output.ts'

/**
 * A request, version 1: its names stay. Unknown fields are tolerated, and named in `warnings` of the
 * reply, so the objects here are open; `readRequest` in `event.ts` finds what they did not know.
 */

/** Hostile input: it becomes part of replies, never of a path or a query. */
export const requestId = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not hold control characters')

const contextBytes = 4096

/** Bytes of a value as JSON, bigints included. */
function jsonBytes(value: unknown): number {
  return new TextEncoder().encode(
    JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? item.toString() : item)),
  ).length
}

const secretText = z.string().max(64_000)
const fieldName = z.string().max(100)

/** Secrets in objects within objects: as deep as any connector has them. */
const secretFields = z.record(
  fieldName,
  z.union([secretText, z.record(fieldName, z.union([secretText, z.record(fieldName, secretText)]))]),
)

const credentials = z.union([
  z.object({
    jwe: z
      .string()
      .max(64_000)
      .meta({ description: "The fields encrypted to the application's key (JWE compact)" }),
  }),
  secretFields.meta({
    description:
      'Fields in clear, within objects where they stand so in the settings, as far as the connector marks them secret and the policy allows it',
  }),
])

export const requestSourceSchema = z.union([
  z.object({
    connector: z.string().max(120).meta({ description: 'A connector, with settings of this request' }),
    config: z.record(z.string(), z.unknown()).default({}).meta({ description: 'Its settings' }),
    credentials: credentials.optional().meta({ description: 'Fields that the connector marks as secret' }),
    query: z.unknown().meta({ description: 'In the form that the connector documents' }),
  }),
  z.object({
    connection: name.meta({ description: 'A connection that the application declares' }),
    query: z.unknown().meta({ description: 'In the form that its connector documents' }),
  }),
])

export const requestSchema = z.object({
  job: name.optional().meta({ description: 'The job to run; or name a source' }),
  source: requestSourceSchema
    .optional()
    .meta({ description: 'A source with a query of this request, as far as the policy allows' }),
  parameters: z
    .record(z.string().max(60), z.unknown())
    .default({})
    .meta({ description: 'Parameters of the job, or of the query' }),
  output: requestOutputSchema
    .optional()
    .meta({ description: 'What the request wants otherwise, as far as the job lets it' }),
  deliver: requestDeliverSchema
    .optional()
    .meta({ description: 'What the request wants otherwise, as far as the job lets it' }),
  fresh: z
    .boolean()
    .optional()
    .meta({ description: 'Whether it runs even where the job lets it have the result of another request' }),
  validUntil: z.iso
    .datetime({ offset: true })
    .optional()
    .meta({ description: 'Not worth running after this time' }),
  context: z
    .unknown()
    .optional()
    .superRefine((value, issues) => {
      if (value !== undefined && jsonBytes(value) > contextBytes)
        issues.addIssue({ code: 'custom', message: `must be at most ${contextBytes} bytes of JSON` })
    })
    .meta({ description: 'Comes back in the reply, at most 4 KiB' }),
})

export type RequestData = z.output<typeof requestSchema>
export type RequestSource = z.output<typeof requestSourceSchema>

/** A request as the platform works with it. */
export interface Request {
  /** Identity for deduplication, together with the application. */
  readonly id: string
  /** The CloudEvent's source; empty for a plain request. */
  readonly source: string
  readonly data: RequestData
  /** Fields that nobody knew, as sentences for the reply. */
  readonly warnings: readonly string[]
}
