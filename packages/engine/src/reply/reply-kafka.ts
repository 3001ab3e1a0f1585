import type { ReplyEvent } from '@bulkhead/contract'
import type { TopicRecord } from '../kafka/topic-sender.ts'

/**
 * A reply as a record: CloudEvents in binary mode, attributes as headers, its data as the value, keyed by the request
 * id, so that all messages about a request are in one partition, in order.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
 */
export function replyRecord(event: ReplyEvent, traceparent: string | undefined): TopicRecord {
  const { data, datacontenttype, ...attributes } = event
  return {
    key: data.requestId === '' ? undefined : Buffer.from(data.requestId),
    value: Buffer.from(JSON.stringify(data)),
    headers: [
      ['content-type', datacontenttype],
      ...Object.entries(attributes).map(([name, value]) => [`ce_${name}`, value] as const),
      ...(traceparent === undefined ? [] : [['traceparent', traceparent] as const]),
    ],
  }
}
