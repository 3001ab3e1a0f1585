import { z } from '@bulkhead/connector-sdk'
import { requestType } from './envelope.ts'
import { replySchemaV1, replyStatuses } from './reply.ts'
import { requestId, requestSchema } from './request.ts'

/** JSON Schemas of the two messages, with their envelopes. They are part of the contract: what is in version 1 stays. */
export type JsonSchema = Readonly<Record<string, unknown>>

const dialect = 'https://json-schema.org/draft/2020-12/schema'

/** A request arrives as a plain object or as an event; both hold the same data. */
export function requestDocument(): JsonSchema {
  const id = {
    ...bareSchema(requestId),
    description: 'Identity of the request, for deduplication and in the reply',
  }
  return titledSchema('request:v1', 'Request', 'Asks for one result', {
    anyOf: [{ $ref: '#/$defs/plain' }, { $ref: '#/$defs/event' }],
    $defs: {
      data: withoutEffects(bareSchema(requestSchema)),
      plain: {
        title: 'Plain request',
        description: 'The members of data, with `requestId` beside them',
        allOf: [{ $ref: '#/$defs/data' }],
        properties: { requestId: id, specversion: false },
        required: ['requestId'],
      },
      event: {
        title: 'CloudEvent',
        description: `A CloudEvent 1.0 of type ${requestType}, or any event whose data holds a requestId`,
        type: 'object',
        properties: {
          specversion: { const: '1.0' },
          type: {
            type: 'string',
            minLength: 1,
            maxLength: 200,
            not: { pattern: '^dev\\.bulkhead\\.(?!run\\.requested\\.v1$)' },
          },
          source: { type: 'string', minLength: 1, maxLength: 2000 },
          id: { type: 'string', description: 'The request id, unless the data holds one' },
          data: {
            anyOf: [
              { allOf: [{ $ref: '#/$defs/data' }], properties: { requestId: id } },
              { type: 'string', description: 'The same as JSON text' },
            ],
          },
          data_base64: { type: 'string', description: 'The same as JSON text in base64' },
        },
        required: ['specversion', 'type', 'source', 'id'],
        anyOf: [{ required: ['data'] }, { required: ['data_base64'] }],
      },
    },
  })
}

export function replyDocument(): JsonSchema {
  return titledSchema('reply:v1', 'Reply', 'A CloudEvent 1.0 about one run', {
    type: 'object',
    properties: {
      specversion: { const: '1.0' },
      type: { enum: replyStatuses.map((status) => `dev.bulkhead.run.${status}.v1`) },
      source: {
        type: 'string',
        pattern: '^/bulkhead/applications/[^/]+$',
        description: 'The application that answers',
      },
      subject: { type: 'string', description: 'The request id' },
      id: {
        type: 'string',
        pattern: '^[0-9a-f]{64}/[1-9][0-9]*/[a-z0-9-]+$',
        description:
          'Digest of application, source and request id; attempt; message. A redelivery of the same message keeps it',
      },
      time: { type: 'string', format: 'date-time', description: 'When the event was made' },
      datacontenttype: { const: 'application/json' },
      data: { description: 'The reply itself', ...bareSchema(replySchemaV1) },
    },
    required: ['specversion', 'type', 'source', 'subject', 'id', 'time', 'datacontenttype', 'data'],
  })
}

/** Of what a person writes: fields with a default may be left out. */
export function bareSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' }) as Record<string, unknown>
  return rest
}

/** What takes effect when is a question of manifests, not of requests. */
function withoutEffects(schema: JsonSchema): JsonSchema {
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) => (key === 'x-effect' ? undefined : value)),
  ) as JsonSchema
}

export function titledSchema(
  name: string,
  title: string,
  description: string,
  schema: JsonSchema,
): JsonSchema {
  return { $schema: dialect, $id: `urn:bulkhead:schema:${name}`, title, description, ...schema }
}
