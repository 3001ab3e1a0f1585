import { setTimeout as sleep } from 'node:timers/promises'
import { isBulkheadError, z } from '@bulkhead/connector-sdk'
import { type AvroType, avroType, type NamedTypes } from '../avro/avro-type.ts'
import type { Config } from '../config.ts'
import { kafkaError } from '../errors.ts'

export type RegistrySettings = NonNullable<Config['registry']>

/** Most bytes of an answer, schemas of one value, and tries of a request. */
const mostBytes = 8 * 1024 * 1024
const mostSchemas = 200
const tries = 3
const pauseMs = 200

const answer = z.object({
  schema: z.string(),
  schemaType: z.string().optional(),
  references: z
    .array(z.object({ name: z.string(), subject: z.string(), version: z.int() }))
    .nullish()
    .transform((references) => references ?? []),
})
type Answer = z.output<typeof answer>

/**
 * The type with which the values of a schema's number were written, with all that it refers to.
 * @throws BulkheadError `kafka-registry-…`, `kafka-schema-unsupported`
 * @see https://docs.confluent.io/platform/current/schema-registry/develop/api.html
 */
export async function fetchAvroType(
  registry: RegistrySettings,
  id: number,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<AvroType> {
  const get = (path: string): Promise<Answer> => ask(registry, path, timeoutMs, signal)
  const named: NamedTypes = new Map()
  const seen = new Set<string>()
  const take = async (found: Answer): Promise<AvroType> => {
    if ((found.schemaType ?? 'AVRO') !== 'AVRO')
      throw kafkaError('kafka-schema-unsupported', `The schema ${id} is not of Avro`)
    for (const { subject, version } of found.references) {
      const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`
      if (seen.has(path)) continue
      seen.add(path)
      if (seen.size > mostSchemas)
        throw kafkaError(
          'kafka-schema-unsupported',
          `The schema ${id} refers to more than ${mostSchemas} others`,
        )
      await take(await get(path))
    }
    try {
      // A primitive type may stand without quotes.
      const schema = /^[a-z]+$/.test(found.schema) ? found.schema : (JSON.parse(found.schema) as unknown)
      return avroType(schema, named)
    } catch (cause) {
      throw kafkaError('kafka-schema-unsupported', `The schema ${id} cannot be read`, { cause })
    }
  }
  return take(await get(`/schemas/ids/${id}`))
}

async function ask(
  registry: RegistrySettings,
  path: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await askOnce(registry, path, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]))
    } catch (error) {
      signal.throwIfAborted()
      if (isBulkheadError(error) && error.kind !== 'transient') throw error
      if (attempt >= tries) {
        throw isBulkheadError(error)
          ? error
          : kafkaError('kafka-registry-unreachable', 'The schema registry does not answer', {
              path: 'config.registry.url',
              cause: error,
            })
      }
      await sleep(pauseMs * attempt, undefined, { signal }).catch(() => undefined)
      signal.throwIfAborted()
    }
  }
}

async function askOnce(
  { url, username, password }: RegistrySettings,
  path: string,
  signal: AbortSignal,
): Promise<Answer> {
  const login =
    username === undefined || password === undefined
      ? {}
      : { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
  const response = await fetch(`${url.replace(/\/+$/, '')}${path}`, {
    headers: { accept: 'application/vnd.schemaregistry.v1+json, application/json', ...login },
    // A password must not follow to another host.
    redirect: 'error',
    signal,
  })
  if (!response.ok) {
    await response.body?.cancel()
    throw refusal(response.status, path)
  }
  const parsed = answer.safeParse(JSON.parse(await bounded(response)))
  if (!parsed.success)
    throw kafkaError('kafka-registry-settings', 'What answers is no schema registry', {
      path: 'config.registry.url',
    })
  return parsed.data
}

function refusal(status: number, path: string): Error {
  if (status === 401 || status === 403)
    return kafkaError('kafka-registry-refused', `The schema registry refuses the login (${status})`, {
      path: 'config.registry',
    })
  if (status === 404)
    return kafkaError('kafka-registry-settings', `The schema registry does not know ${path}`, {
      path: 'config.registry.url',
    })
  return status === 429 || status >= 500
    ? kafkaError('kafka-registry-unreachable', `The schema registry answered ${status}`)
    : kafkaError('kafka-registry-settings', `The schema registry answered ${status}`, {
        path: 'config.registry.url',
      })
}

async function bounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > mostBytes)
      throw kafkaError('kafka-schema-unsupported', `A schema has more than ${mostBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
