/** What came back on the reply topics. */
import type { ReplyEvent } from '@bulkhead/contract'
import { Consumer, MessagesStreamModes } from '@platformatic/kafka'
import { brokersOf, type KafkaServer } from '../support/kafka.ts'

export interface Replies extends AsyncDisposable {
  /** Every message, by application and request id; those of one request in their order. */
  readonly byRequest: ReadonlyMap<string, readonly ReplyEvent[]>
  readonly count: () => number
}

/** Collects all reply events of these topics from now to when it is disposed of. */
export async function collectReplies(server: KafkaServer, topics: readonly string[]): Promise<Replies> {
  const byRequest = new Map<string, ReplyEvent[]>()
  let count = 0
  const consumer = new Consumer<Buffer, Buffer, string, string>({
    clientId: 'chaos',
    groupId: `chaos-${process.pid}-${Date.now()}`,
    bootstrapBrokers: brokersOf(server),
    autocommit: false,
    deserializers: { headerKey: String, headerValue: String },
  })
  const stream = await consumer.consume({ topics: [...topics], mode: MessagesStreamModes.EARLIEST })
  const reading = (async () => {
    for await (const message of stream) {
      const event = eventOf(message)
      const key = `${event.data.application}/${event.data.requestId}`
      byRequest.set(key, [...(byRequest.get(key) ?? []), event])
      count += 1
    }
  })()
  return {
    byRequest,
    count: () => count,
    async [Symbol.asyncDispose]() {
      await stream.close()
      await reading
      await consumer.close()
    },
  }
}

/** @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md#32-binary-content-mode */
function eventOf(message: { readonly value: Buffer; readonly headers: Map<string, string> }): ReplyEvent {
  const attributes = [...message.headers]
    .filter(([name]) => name.startsWith('ce_'))
    .map(([name, value]) => [name.slice(3), value])
  return { ...Object.fromEntries(attributes), data: JSON.parse(message.value.toString('utf8')) } as ReplyEvent
}
