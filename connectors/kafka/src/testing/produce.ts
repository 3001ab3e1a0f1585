import { Producer } from '@platformatic/kafka'
import { brokersOf, type KafkaServer } from '../../../../test/support/kafka.ts'

/** A record to write; what is missing is null or empty. */
export interface Written {
  readonly partition?: number
  readonly key?: string | Buffer
  readonly value?: string | Buffer
  readonly timestampMs?: number
  readonly headers?: readonly (readonly [string, string | Buffer])[]
}

/** Writes records in their order, all in one call. */
export async function produce(
  server: KafkaServer,
  topic: string,
  records: readonly Written[],
  compression: 'none' | 'gzip' | 'zstd' | 'lz4' | 'snappy' = 'none',
): Promise<void> {
  const producer = new Producer({
    clientId: 'bulkhead-tests',
    bootstrapBrokers: brokersOf(server),
    idempotent: true,
  })
  try {
    await producer.send({
      compression,
      messages: records.map((record) => ({
        topic,
        partition: record.partition ?? 0,
        ...(record.key === undefined ? {} : { key: Buffer.from(record.key) }),
        value: (record.value === undefined ? null : Buffer.from(record.value)) as Buffer,
        ...(record.timestampMs === undefined ? {} : { timestamp: BigInt(record.timestampMs) }),
        headers: new Map(
          (record.headers ?? []).map(([name, value]) => [Buffer.from(name), Buffer.from(value)]),
        ),
      })),
    })
  } finally {
    await producer.close()
  }
}
