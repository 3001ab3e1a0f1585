import type { BulkheadError } from '@bulkhead/connector-sdk'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import type { TopicRecord, TopicSender } from '@bulkhead/engine/kafka/topic-sender'
import type { TopicMessage } from './visible-records.ts'

/**
 * Writes a message that is no request to the dead-letter topic of its application, as it came, with headers that say
 * why, and where it was. One that is too large for that topic goes without its value, which is still where it was.
 *
 * @throws BulkheadError what the sender throws
 */
export async function writeDeadLetter(
  sender: TopicSender,
  message: TopicMessage,
  topic: string,
  error: BulkheadError,
): Promise<void> {
  const record: TopicRecord = {
    key: message.key ?? undefined,
    value: message.value ?? undefined,
    headers: [
      ...message.headers.map(
        ([name, value]) => [name?.toString('utf8') ?? '', value ?? Buffer.alloc(0)] as const,
      ),
      ['bulkhead_error_code', error.code],
      ['bulkhead_error_message', error.message],
      ['bulkhead_topic', topic],
      ['bulkhead_partition', String(message.partition)],
      ['bulkhead_offset', String(message.offset)],
      ...(message.timestampMs === undefined
        ? []
        : [['bulkhead_time', new Date(message.timestampMs).toISOString()] as const]),
    ],
  }
  try {
    await sender.send(record)
  } catch (failure) {
    if (!isBulkheadError(failure) || failure.code !== 'reply-refused') throw failure
    await sender.send({
      ...record,
      value: undefined,
      headers: [...record.headers.slice(message.headers.length), ['bulkhead_value', 'too large']],
    })
  }
}
