import { z } from '@bulkhead/connector-sdk'
import {
  applicationListSchema,
  applicationViewSchema,
  revisionListSchema,
  revisionViewSchema,
} from './api-applications.ts'
import {
  commandTakenSchema,
  eventListSchema,
  eventsTakenSchema,
  eventViewSchema,
  healthSchema,
  linksSchema,
  problemSchema,
  replyListSchema,
  replyViewSchema,
  runAcceptedSchema,
  runListSchema,
  runLogSchema,
  runViewSchema,
  tokenListSchema,
  tokenMadeSchema,
  tokenViewSchema,
} from './api.ts'
import { type EndpointName, endpoints } from './api-endpoints.ts'
import { type Endpoint, type EndpointAnswer, jsonType } from './endpoint.ts'
import { storedReplySchema } from './run.ts'

/** What clients find by name; everything else stands where it is used. */
const named: Readonly<Record<string, z.ZodType>> = {
  ApplicationList: applicationListSchema,
  ApplicationView: applicationViewSchema,
  CommandTaken: commandTakenSchema,
  EventList: eventListSchema,
  EventView: eventViewSchema,
  EventsTaken: eventsTakenSchema,
  Health: healthSchema,
  Links: linksSchema,
  Problem: problemSchema,
  Reply: storedReplySchema,
  ReplyList: replyListSchema,
  ReplyView: replyViewSchema,
  RevisionList: revisionListSchema,
  RevisionView: revisionViewSchema,
  RunAccepted: runAcceptedSchema,
  RunList: runListSchema,
  RunLog: runLogSchema,
  RunView: runViewSchema,
  TokenList: tokenListSchema,
  TokenMade: tokenMadeSchema,
  TokenView: tokenViewSchema,
}

type Json = Readonly<Record<string, unknown>>
const reference = (schemaName: string): string => `#/components/schemas/${schemaName}`

/**
 * The OpenAPI 3.1 document of the HTTP API, made from the table of its endpoints.
 * @param version  of the server
 * @see https://spec.openapis.org/oas/v3.1.1.html
 */
export function openApiDocument(version: string): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const [operation, endpoint] of Object.entries(endpoints) as [EndpointName, Endpoint][])
    (paths[endpoint.path] ??= {})[endpoint.method.toLowerCase()] = operationOf(operation, endpoint)
  return {
    openapi: '3.1.1',
    info: {
      title: 'Bulkhead',
      version,
      summary: 'One request in, one file in object storage and a signed link out',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    paths,
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'bh_<id>_<secret>; scopes stand at each operation',
        },
      },
      responses: {
        Problem: {
          description: 'Why not, as RFC 9457 has it',
          content: { 'application/problem+json': { schema: { $ref: reference('Problem') } } },
        },
      },
    },
  }
}

function operationOf(operationId: string, endpoint: Endpoint): Json {
  const { summary, scope, params, query, headers = {}, body, answers } = endpoint
  const parameters = [
    ...parametersOf('path', params.shape),
    ...parametersOf('query', query.shape),
    ...parametersOf('header', headers),
  ]
  return {
    operationId,
    summary,
    ...(scope === 'none' ? { security: [] } : { 'x-scope': scope }),
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: {
        required: body.required,
        content: Object.fromEntries(
          body.types.map((type) => [type, { schema: inline(body.schema, 'input') }]),
        ),
      },
    }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [status, responseOf(status, answer)]),
      ),
      default: { $ref: '#/components/responses/Problem' },
    },
  }
}

function parametersOf(
  place: 'path' | 'query' | 'header',
  shape: Readonly<Record<string, z.core.$ZodType>>,
): Json[] {
  return Object.entries(shape).map(([parameter, schema]) => {
    const { description, ...rest } = inline(schema as z.ZodType, 'input') as { readonly description?: string }
    const isRequired = place === 'path' || !(schema as z.ZodType).safeParse(undefined).success
    return {
      name: parameter,
      in: place,
      required: isRequired,
      ...(description !== undefined && { description }),
      schema: rest,
    }
  })
}

function responseOf(status: string, { description, schema, type = jsonType, headers }: EndpointAnswer): Json {
  const own = schema === undefined ? { type: 'string' } : referenced(schema)
  // an event alone is refused by a problem, a batch by what became of each
  const problems = Number(status) >= 400 && schema !== healthSchema
  const hasBody = schema !== undefined || type !== jsonType
  return {
    description,
    ...(headers !== undefined && {
      headers: Object.fromEntries(
        Object.entries(headers).map(([header, text]) => [
          header,
          { description: text, schema: { type: 'string' } },
        ]),
      ),
    }),
    ...(hasBody && {
      content: {
        [type]: { schema: own },
        ...(problems && { 'application/problem+json': { schema: { $ref: reference('Problem') } } }),
      },
    }),
  }
}

function referenced(schema: z.ZodType): Json {
  const entry = Object.entries(named).find(([, known]) => known === schema)
  if (entry !== undefined) return { $ref: reference(entry[0]) }
  if (schema instanceof z.ZodUnion)
    return { anyOf: schema.options.map((option) => referenced(option as z.ZodType)) }
  return inline(schema, 'output')
}

function componentSchemas(): Json {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id })
  const { schemas } = z.toJSONSchema(registry, { uri: reference, io: 'output' })
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $id: _id, $schema: _dialect, ...schema }]) => [id, open(schema)]),
  )
}

function inline(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json
  return io === 'output' ? open(rest) : withoutEffects(rest)
}

/** Answers may get further members in this version: a client has to take them. */
function open(schema: Json): Json {
  return without(schema, (key, value) => key === 'additionalProperties' && value === false)
}

/** What takes effect when is a question of manifests. */
function withoutEffects(schema: Json): Json {
  return without(schema, (key) => key === 'x-effect')
}

function without(schema: Json, drop: (key: string, value: unknown) => boolean): Json {
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) => (drop(key, value) ? undefined : value)),
  ) as Json
}
