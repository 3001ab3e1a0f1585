import type { ApplicationManifest } from './application.ts'
import type { Job } from './job.ts'
import { type JsonSchema, replyDocument, requestDocument } from './message-schemas.ts'
import { parametersJsonSchema } from './parameter-schema.ts'
import type { ReplyDestination } from './reply-destination.ts'

type Json = Readonly<Record<string, unknown>>

export interface AsyncApiOptions {
  /** Of the application: the digest of its revision, or what tells revisions apart. */
  readonly version: string
  /** host:port of each Kafka cluster, as far as they are known; without them a variable stands there. */
  readonly clusters?: Readonly<Record<string, readonly string[]>>
}

const toSchema = (name: string): Json => ({ $ref: `#/components/schemas/${name}` })
const toMessage = (channel: string, message: string): Json => ({
  $ref: `#/channels/${channel}/messages/${message}`,
})

/**
 * The AsyncAPI 3.0 document of one application: the topics on which it takes requests and answers, its webhooks, and
 * what the messages hold, with the parameters of each job. A generator makes a client of it.
 * @see https://www.asyncapi.com/docs/reference/specification/v3.0.0
 */
export function asyncApiDocument({ metadata, spec }: ApplicationManifest, options: AsyncApiOptions): Json {
  const { description, owner, jobs, triggers, replies } = spec
  const requestTopics = Object.entries(triggers).flatMap(([name, trigger]) =>
    'kafka' in trigger ? [{ name, ...trigger.kafka }] : [],
  )
  const destinations = Object.entries(replies).filter(([, destination]) => !('file' in destination))
  const clusters = new Set(
    [...requestTopics.map(({ cluster }) => cluster), ...destinations.map(([, one]) => clusterOf(one))].filter(
      (cluster) => cluster !== undefined,
    ),
  )
  return {
    asyncapi: '3.0.0',
    info: {
      title: metadata.name,
      version: options.version,
      description: description ?? `Requests and replies of the application ${metadata.name}`,
      contact: { name: owner },
    },
    defaultContentType: 'application/cloudevents+json',
    servers: Object.fromEntries(
      [...clusters].map((cluster) => [cluster, serverOf(options.clusters?.[cluster])]),
    ),
    channels: Object.fromEntries([
      ...requestTopics.map(({ name, topic, cluster }) => [
        `request-${name}`,
        kafkaChannel(topic, cluster, 'request', 'Requests; each is an event of its own'),
      ]),
      ...destinations.map(([name, destination]) => [`reply-${name}`, replyChannel(destination)]),
    ]),
    operations: Object.fromEntries([
      ...requestTopics.map(({ name, group }) => [
        `take-${name}`,
        takeOperation(
          name,
          group ?? `bulkhead.${metadata.name}.${name}`,
          destinations.map(([destination]) => destination),
        ),
      ]),
      ...destinations.map(([name, { messages }]) => [
        `answer-${name}`,
        {
          action: 'send',
          channel: { $ref: `#/channels/reply-${name}` },
          summary: `One event with the outcome of each request${messages.length === 0 ? '' : `, and before it: ${messages.join(', ')}`}`,
          messages: [toMessage(`reply-${name}`, 'reply')],
        },
      ]),
    ]),
    components: {
      messages: { request: requestMessage(), reply: replyMessage() },
      schemas: {
        request: embedded(requestDocument()),
        reply: embedded(replyDocument()),
        ...Object.fromEntries(
          Object.entries(jobs).map(([name, job]) => [`job-${name}`, jobSchemaOf(name, job)]),
        ),
        ask: {
          anyOf: Object.keys(jobs)
            .map((name) => toSchema(`job-${name}`))
            .concat(adHoc(spec.policy)),
        },
      },
    },
  }
}

function clusterOf(destination: ReplyDestination): string | undefined {
  return 'kafka' in destination ? destination.kafka.cluster : undefined
}

function serverOf(bootstrap: readonly string[] | undefined): Json {
  const [host] = bootstrap ?? []
  return host === undefined
    ? {
        host: '{bootstrap}',
        protocol: 'kafka',
        variables: { bootstrap: { description: 'host:port of a broker, as the platform has it' } },
      }
    : { host, protocol: 'kafka' }
}

function kafkaChannel(topic: string, cluster: string, message: string, description: string): Json {
  return {
    address: topic,
    description,
    servers: [{ $ref: `#/servers/${cluster}` }],
    messages: { [message]: { $ref: `#/components/messages/${message}` } },
    bindings: { kafka: { topic } },
  }
}

function replyChannel(destination: ReplyDestination): Json {
  if ('kafka' in destination)
    return kafkaChannel(
      destination.kafka.topic,
      destination.kafka.cluster,
      'reply',
      'Replies; the key of each is the request id',
    )
  return {
    address: null, // only its owner knows it
    description: 'A webhook: a POST for each reply, signed as Standard Webhooks says where it has a secret',
    messages: { reply: { $ref: '#/components/messages/reply' } },
  }
}

function takeOperation(trigger: string, group: string, destinations: readonly string[]): Json {
  const [main] = destinations
  return {
    action: 'receive',
    channel: { $ref: `#/channels/request-${trigger}` },
    summary: 'Takes a request, runs it, and answers on every channel of replies',
    messages: [toMessage(`request-${trigger}`, 'request')],
    bindings: { kafka: { groupId: { type: 'string', enum: [group] } } },
    ...(main !== undefined && {
      reply: {
        channel: { $ref: `#/channels/reply-${main}` },
        messages: [toMessage(`reply-${main}`, 'reply')],
      },
    }),
  }
}

function requestMessage(): Json {
  return {
    name: 'request',
    title: 'Request',
    contentType: 'application/cloudevents+json',
    correlationId: { location: '$message.payload#/id', description: 'The request id' },
    payload: { allOf: [toSchema('request'), { properties: { data: toSchema('ask') } }] },
  }
}

function replyMessage(): Json {
  return {
    name: 'reply',
    title: 'Reply',
    contentType: 'application/cloudevents+json',
    correlationId: { location: '$message.payload#/subject', description: 'The request id' },
    payload: toSchema('reply'),
  }
}

function jobSchemaOf(name: string, { description, parameters }: Job): JsonSchema {
  const own = parametersJsonSchema(parameters)
  return {
    title: name,
    ...(description !== undefined && { description }),
    type: 'object',
    properties: { job: { const: name }, parameters: own },
    required: 'required' in own ? ['job', 'parameters'] : ['job'],
  }
}

/** Requests that name no job, where the policy has any. */
function adHoc({ adHoc: { queries, connectors } }: ApplicationManifest['spec']['policy']): readonly Json[] {
  return queries.length + connectors.length === 0
    ? []
    : [{ title: 'A query of its own', type: 'object', properties: { job: false }, required: ['source'] }]
}

/** As a part of a document: its references lead into itself. */
function embedded(schema: JsonSchema): JsonSchema {
  const { $id, $schema: _dialect, ...rest } = schema
  const name = String($id).split(':').at(-2)
  return JSON.parse(
    JSON.stringify(rest).replaceAll('"#/$defs/', `"#/components/schemas/${name}/$defs/`),
  ) as JsonSchema
}
