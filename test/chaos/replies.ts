/** What came back on the reply topics. */
import type { ReplyEvent } from '@bulkhead/contract'
import { Consumer, ListOffsetTimestamps, MessagesStreamModes } from '@platformatic/kafka'
import { brokersOf, type KafkaServer } from '../support/kafka.ts'

/** By application and request id; those of one request in their order. */
export type Replies = ReadonlyMap<string, readonly ReplyEvent[]>

/** Reads topics from their beginning to where they end now. */
export async function readReplies(server: KafkaServer, topics: readonly string[]): Promise<Replies> {
  const byRequest = new Map<string, ReplyEvent[]>()
  const consumer = new Consumer<Buffer, Buffer, string, string>({
    clientId: 'chaos',
    groupId: `chaos-${process.pid}-${Date.now()}`,
    bootstrapBrokers: brokersOf(server),
    autocommit: false,
    maxWaitTime: 100,
    deserializers: { headerKey: String, headerValue: String },
  })
  try {
    const ends = await consumer.listOffsets({ topics: [...topics], timestamp: ListOffsetTimestamps.LATEST })
    const open = new Map<string, bigint>()
    for (const [topic, offsets] of ends)
      for (const [partition, end] of offsets.entries()) if (end > 0n) open.set(`${topic}/${partition}`, end)
    if (open.size === 0) return byRequest
    const stream = await consumer.consume({ topics: [...topics], mode: MessagesStreamModes.EARLIEST })
    for await (const message of stream) {
      const place = `${message.topic}/${message.partition}`
      const event = eventOf(message)
      const key = `${event.data.application}/${event.data.requestId}`
      byRequest.set(key, [...(byRequest.get(key) ?? []), event])
      if (message.offset + 1n >= (open.get(place) ?? 0n)) open.delete(place)
      if (open.size === 0) break
    }
    return byRequest
  } finally {
    await consumer.close(true)
  }
}

/** @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md#32-binary-content-mode */
function eventOf(message: { readonly value: Buffer; readonly headers: Map<string, string> }): ReplyEvent {
  const attributes = [...message.headers]
    .filter(([name]) => name.startsWith('ce_'))
    .map(([name, value]) => [name.slice(3), value])
  return { ...Object.fromEntries(attributes), data: JSON.parse(message.value.toString('utf8')) } as ReplyEvent
}
