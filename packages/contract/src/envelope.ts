import type { ErrorDetails } from '@bulkhead/connector-sdk'
import { fault } from './errors.ts'
import { parseExactJson } from './exact-json.ts'
import { errorOf, faultDetails } from './issues.ts'
import type { Path } from './path.ts'

/** What a request comes in: a CloudEvent in structured JSON, or nothing but itself. */

/** Most bytes of a request. */
export const requestBytes = 1024 * 1024

export const requestType = 'dev.bulkhead.run.requested.v1'
/** KafkaSource wraps a plain message in an event of this type; the event's own id is only an offset. */
const kafkaSourceType = 'dev.knative.kafka.event'
const ownTypes = 'dev.bulkhead.'

/** Everything becomes text first, so that one gate and one reader stand before every kind of input. */
export function openEnvelope(
  input: unknown,
  onRepeated?: (path: Path) => void,
): Readonly<Record<string, unknown>> {
  const text = textOf(input)
  if (text.length > requestBytes || new TextEncoder().encode(text).length > requestBytes)
    throw fault('request-unreadable', 'The request is larger than 1 MiB', {
      fix: 'Send less; large input belongs into a file or table that the query reads',
    })
  const value = parseExactJson(text, onRepeated)
  if (Array.isArray(value))
    throw fault('request-unreadable', 'The request is a list', { fix: 'Send one request at a time' })
  if (!isRecord(value)) throw fault('request-unreadable', 'The request is not a JSON object')
  return value
}

function textOf(input: unknown): string {
  if (typeof input === 'string') return input.replace(/^\uFEFF/, '')
  if (input instanceof Uint8Array) return decodeUtf8(input, 'The request')
  let text: string | undefined
  try {
    text = JSON.stringify(input, (_, value: unknown) =>
      typeof value === 'bigint' ? rawJson(value.toString()) : value,
    )
  } catch (cause) {
    throw fault('request-unreadable', 'The request cannot be written as JSON', { cause })
  }
  if (text === undefined) throw fault('request-unreadable', 'The request is not a JSON object')
  return text
}

/** @see https://tc39.es/proposal-json-parse-with-source/ */
export function rawJson(text: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text)
}

function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw fault('request-unreadable', `${what} is not UTF-8 text`, { cause })
  }
}

interface Unwrapped {
  readonly id: unknown
  readonly source: string
  readonly data: Readonly<Record<string, unknown>>
  readonly warnings: readonly string[]
}

/** @param strict  false: only who asks is wanted, so what else is wrong with the envelope does not matter */
export function unwrap(envelope: Readonly<Record<string, unknown>>, strict: boolean): Unwrapped {
  if (!Object.hasOwn(envelope, 'specversion')) {
    const { requestId: id, ...data } = envelope
    if (strict && id === undefined && Object.hasOwn(envelope, 'data'))
      throw fault('request-invalid', 'The request has `data` and neither `specversion` nor `requestId`', {
        path: 'specversion',
        fix: 'Send a CloudEvent with "specversion": "1.0", or a plain object with `requestId`',
      })
    return { id, source: '', data, warnings: [] }
  }
  if (strict) checkAttributes(envelope)
  const type = String(envelope['type'])
  const fromKafka = type === kafkaSourceType
  const { requestId: inner, ...data } = eventData(envelope, strict)
  const source = fromKafka || typeof envelope['source'] !== 'string' ? '' : envelope['source']
  if (inner !== undefined || fromKafka) return { id: inner, source, data, warnings: [] }
  const warnings =
    type === requestType ? [] : [`The event's type is not known here; \`${requestType}\` was assumed`]
  return { id: envelope['id'], source, data, warnings }
}

/** @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#required-attributes */
function checkAttributes(envelope: Readonly<Record<string, unknown>>): void {
  const faults: ErrorDetails[] = []
  if (envelope['specversion'] !== '1.0')
    faults.push(faultDetails('request-invalid', '`specversion` must be `1.0`', { path: 'specversion' }))
  for (const [attribute, most] of [
    ['source', 2000],
    ['type', 200],
  ] as const) {
    const value = envelope[attribute]
    if (typeof value !== 'string' || value === '' || value.length > most)
      faults.push(
        faultDetails(
          'request-invalid',
          `\`${attribute}\` of the event must be a text of 1 to ${most} characters`,
          { path: attribute, fix: 'Send a CloudEvent 1.0' },
        ),
      )
  }
  const type = envelope['type']
  // A reply that comes back on a request topic would be answered by a reply, and so for ever.
  if (typeof type === 'string' && type.startsWith(ownTypes) && type !== requestType)
    faults.push(
      faultDetails('request-invalid', 'The event is not a request of a version that is known here', {
        path: 'type',
        fix: `Send an event of type ${requestType}; replies do not belong on a request topic`,
      }),
    )
  if (faults.length > 0) throw errorOf(faults)
}

/** For whom only who asks is wanted: of two ids nobody can tell which is meant. */
export function refuseTwoIds(path: Path): void {
  const name = path.at(-1)
  if (path.length <= 2 && (name === 'id' || name === 'requestId'))
    throw fault('request-field-repeated', 'The request has two ids')
}

export function eventData(
  envelope: Readonly<Record<string, unknown>>,
  strict: boolean,
): Readonly<Record<string, unknown>> {
  if (isRecord(envelope['data'])) return envelope['data']
  const text =
    typeof envelope['data_base64'] === 'string'
      ? decodeUtf8(decodeBase64(envelope['data_base64']), 'The data of the event')
      : envelope['data']
  if (typeof text === 'string') {
    const value = parseExactJson(text, strict ? undefined : refuseTwoIds)
    if (isRecord(value)) return value
  }
  if (!strict) return {}
  throw fault('request-invalid', 'The event has no `data` that is a JSON object', {
    path: 'data',
    fix: 'Put the request into `data`',
  })
}

function decodeBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
  } catch (cause) {
    throw fault('request-unreadable', '`data_base64` of the event is not base64', {
      path: 'data_base64',
      cause,
    })
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
