import type { Arrival } from '../../intake/intake.ts'
import type { TopicMessage } from './visible-records.ts'

const attributePrefix = 'ce_'
const traceparentPattern = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

/**
 * A message of a topic as the intake takes it. A CloudEvent in binary mode has its attributes in headers: it becomes
 * the same event in structured mode, its data as the text that it is, so that no number loses digits.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
 */
export function arrivalOf(message: TopicMessage, application: string, topic: string): Arrival {
  const headers = headersOf(message)
  const traceparent = headers.get('traceparent') ?? headers.get(`${attributePrefix}traceparent`)
  return {
    application,
    input: isBinaryMode(headers) ? structured(headers, message.value) : (message.value ?? ''),
    actor: `kafka:${topic}`,
    ...(message.timestampMs !== undefined && { madeAtMs: message.timestampMs }),
    ...(traceparent !== undefined && traceparentPattern.test(traceparent) && { traceparent }),
  }
}

/** Whatever else a producer put there: an event in structured mode says so by its content type. */
function isBinaryMode(headers: ReadonlyMap<string, string>): boolean {
  return (
    headers.has(`${attributePrefix}specversion`) &&
    headers.get('content-type')?.startsWith('application/cloudevents') !== true
  )
}

function headersOf({ headers }: TopicMessage): ReadonlyMap<string, string> {
  return new Map(
    headers.map(([name, value]) => [
      name?.toString('utf8').toLowerCase() ?? '',
      value?.toString('utf8') ?? '',
    ]),
  )
}

function structured(headers: ReadonlyMap<string, string>, value: Buffer | null): string {
  const attributes = [...headers]
    .filter(([name]) => name.startsWith(attributePrefix))
    .map(([name, text]) => [name.slice(attributePrefix.length), text] as const)
    .filter(([name]) => name !== 'data' && name !== 'data_base64')
  const event = JSON.stringify({
    ...Object.fromEntries(attributes),
    ...(headers.has('content-type') && { datacontenttype: headers.get('content-type') }),
  })
  const data = jsonText(value)
  const member =
    data === undefined
      ? `"data_base64":${JSON.stringify((value ?? Buffer.alloc(0)).toString('base64'))}`
      : `"data":${data}`
  return `${event.slice(0, -1)},${member}}`
}

/** The value when it is JSON, so that it can stand inside of other JSON; undefined when not. */
function jsonText(value: Buffer | null): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(value ?? undefined)
    JSON.parse(text)
    return text
  } catch {
    return undefined
  }
}
