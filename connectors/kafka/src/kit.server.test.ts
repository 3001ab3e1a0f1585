import { after } from 'node:test'
import type { LogicalType, Value } from '@bulkhead/connector-sdk'
import { settingsRecords, sourceKit, type TypeCase } from '@bulkhead/connector-sdk/testing'
import { brokersOf, createTopic } from '../../../test/support/kafka.ts'
import kafka from './index.ts'
import { startFakeRegistry } from './testing/fake-registry.ts'
import { produce, type Written } from './testing/produce.ts'

// The records are of weeks ago: a broker would take them away at its next look, which a busy machine lives to see.
const kept = { settings: { 'retention.ms': '-1' } }
const people = await createTopic({ after }, { partitions: 2, ...kept })
const registry = await startFakeRegistry({
  '/schemas/ids/1': {
    schema: JSON.stringify({ type: 'record', name: 'r', fields: [{ name: 'a', type: 'long' }] }),
  },
})
const [bootstrap = ''] = brokersOf(people)
const [host = '', port = ''] = bootstrap.split(':')
const config = { brokers: [bootstrap], registry: { url: registry.url } }
const started = Date.parse('2026-10-31T08:15:00.250Z')
await produce(people, people.topic, [
  {
    key: 'ada',
    value: '{"id": 1, "balance": 1.10}',
    timestampMs: started,
    headers: [
      ['a', 'x'],
      ['b', ''],
    ],
  },
  { key: 'grace', value: ' [9007199254740993]\n', timestampMs: started + 1000 },
  { key: 'gone', timestampMs: started + 2000 },
  { partition: 1, value: '"é"', timestampMs: started + 3000 },
])
const large = await createTopic({ after }, { partitions: 3 })
const data = JSON.stringify('x'.repeat(10_000))
for (let batch = 0; batch < 12; batch++)
  await produce(
    people,
    large.topic,
    Array.from({ length: 300 }, (_, row) => ({ partition: row % 3, value: data })),
  )

const json: LogicalType = { kind: 'json' }
const topics = new Map<string, { readonly topic: string; readonly values: readonly Value[] }>()

/** A topic with the parts of records that are of a type. */
async function typed(
  type: string,
  becomes: LogicalType,
  query: Readonly<Record<string, unknown>>,
  records: readonly Written[],
  values: readonly Value[],
): Promise<TypeCase> {
  const { topic } = await createTopic({ after }, kept)
  await produce(people, topic, records)
  topics.set(type, { topic, values })
  return { type, becomes, query: { topic, ...query }, values }
}

const avro = Buffer.of(0, 0, 0, 0, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20)
const jsonTexts = ['{"a":1.10,"a":2}', ' [1e400] ', '"\\ud800"', 'null', '0']
const formats: readonly [string, LogicalType, readonly (string | Buffer)[], readonly Value[]][] = [
  ['json', json, jsonTexts, jsonTexts],
  ['avro', json, [avro], ['{"a":9007199254740992}']],
  ['text', { kind: 'text' }, ['', 'é 😀', '\0'], ['', 'é 😀', '\0']],
  [
    'binary',
    { kind: 'binary' },
    [Buffer.of(0, 255), Buffer.alloc(0)],
    [Uint8Array.of(0, 255), new Uint8Array(0)],
  ],
]
const types: TypeCase[] = []
for (const [format, becomes, written, values] of formats) {
  for (const part of ['value', 'key'] as const) {
    const records = [
      ...written.map((value): Written => ({ value: 'x', [part]: value })),
      part === 'value' ? {} : { value: 'x' },
    ]
    types.push(
      await typed(`${part}: ${format}`, becomes, { [part]: format, columns: [part] }, records, [
        ...values,
        null,
      ]),
    )
  }
}
types.push(
  await typed('partition', { kind: 'integer', bits: 32 }, { columns: ['partition'] }, [{ value: '1' }], [0]),
  await typed(
    'offset',
    { kind: 'integer', bits: 64 },
    { columns: ['offset'] },
    [{ value: '1' }, { value: '2' }],
    [0n, 1n],
  ),
  await typed(
    'timestamp',
    { kind: 'timestamp', zoned: true },
    { columns: ['timestamp'] },
    [
      { value: '1', timestampMs: started },
      { value: '1', timestampMs: started + 1 },
    ],
    ['2026-10-31 08:15:00.25+00', '2026-10-31 08:15:00.251+00'],
  ),
  await typed(
    'headers',
    json,
    { columns: ['headers'] },
    [
      { value: '1' },
      {
        value: '1',
        headers: [
          ['b', 'é"'],
          ['a', ''],
        ],
      },
    ],
    ['[]', '[{"name":"b","value":"é\\""},{"name":"a","value":""}]'],
  ),
)

sourceKit({
  connector: kafka,
  config,
  system: () => Promise.resolve('Kafka 4.3.1'),
  wrongPassword:
    people.sasl === undefined
      ? { cannot: 'The broker of the tests asks for no password' }
      : {
          config: (password) => ({
            brokers: people.sasl?.bootstrap.split(','),
            sasl: { mechanism: people.sasl?.mechanism, username: people.sasl?.username, password },
          }),
          code: 'kafka-login-refused',
        },
  network: {
    host,
    port: Number(port),
    at: (address) => ({
      ...config,
      brokers: [`${address.host}:${address.port}`],
      addresses: { [bootstrap]: `${address.host}:${address.port}` },
    }),
  },
  settings: settingsRecords(new URL('../settings/', import.meta.url)),
  types,
  changing: {
    cannot: 'Its ends are fixed, but compaction and retention may take records away while it reads',
  },
  atWork: { cannot: 'A fetch is answered at once, or waits a quarter of a second for a record' },
  wrongConfigs: [
    { title: 'no broker', config: { brokers: [] } },
    { title: 'a broker without port', config: { brokers: ['127.0.0.1'] } },
    { title: 'nobody there', config: { brokers: ['127.0.0.1:1'] }, code: 'kafka-unreachable' },
  ],
  cases: [
    {
      title: 'every column',
      query: {
        topic: people.topic,
        columns: ['partition', 'offset', 'timestamp', 'key', 'headers', 'value'],
      },
      fields: [
        { name: 'partition', type: { kind: 'integer', bits: 32 } },
        { name: 'offset', type: { kind: 'integer', bits: 64 } },
        { name: 'timestamp', type: { kind: 'timestamp', zoned: true } },
        { name: 'key', type: { kind: 'text' } },
        { name: 'headers', type: json },
        { name: 'value', type: json },
      ],
      rows: [
        {
          partition: 0,
          offset: 0n,
          timestamp: '2026-10-31 08:15:00.25+00',
          key: 'ada',
          headers: '[{"name":"a","value":"x"},{"name":"b","value":""}]',
          value: '{"id": 1, "balance": 1.10}',
        },
        {
          partition: 0,
          offset: 1n,
          timestamp: '2026-10-31 08:15:01.25+00',
          key: 'grace',
          headers: '[]',
          value: ' [9007199254740993]\n',
        },
        {
          partition: 0,
          offset: 2n,
          timestamp: '2026-10-31 08:15:02.25+00',
          key: 'gone',
          headers: '[]',
          value: null,
        },
        {
          partition: 1,
          offset: 0n,
          timestamp: '2026-10-31 08:15:03.25+00',
          key: null,
          headers: '[]',
          value: '"é"',
        },
      ],
    },
    {
      title: 'parameters',
      query: {
        topic: { $param: 'topic' },
        from: { timestamp: { $param: 'from' } },
        to: { offset: 2 },
        partitions: [0],
        columns: ['offset'],
      },
      parameters: { topic: people.topic, from: '2026-10-31T09:15:01+01:00' },
      rows: [{ offset: 1n }],
    },
  ],
  textParameters: [
    {
      title: 'a topic',
      query: { topic: { $param: 'topic' }, columns: ['offset'] },
      parameters: { topic: people.topic },
    },
    {
      title: 'a moment to begin at',
      query: { topic: people.topic, from: { timestamp: { $param: 'from' } }, columns: ['offset'] },
      parameters: { from: '2026-10-31T09:15:01+01:00' },
    },
    {
      title: 'a moment to end at',
      query: { topic: people.topic, to: { timestamp: { $param: 'to' } }, columns: ['offset'] },
      parameters: { to: '2026-10-31T09:15:02+01:00' },
    },
    {
      title: 'an offset',
      query: {
        topic: people.topic,
        from: { offset: { $param: 'from' } },
        partitions: [0],
        columns: ['offset'],
      },
      parameters: { from: 'latest' },
    },
  ],
  wrongQueries: [
    { title: 'a text', query: 'SELECT 1', code: 'kafka-query-invalid' },
    { title: 'no topic', query: {}, code: 'kafka-query-invalid' },
    { title: 'an unknown topic', query: { topic: 'nowhere' }, code: 'kafka-topic-unknown' },
    { title: 'a name that no topic has', query: { topic: 'a b' }, code: 'kafka-query-invalid' },
    {
      title: 'an unknown partition',
      query: { topic: people.topic, partitions: [7] },
      code: 'kafka-partition-unknown',
    },
    {
      title: 'a beginning behind the end',
      query: { topic: people.topic, from: { offset: 99 } },
      code: 'kafka-offset-out-of-range',
    },
    {
      title: 'no moment',
      query: { topic: people.topic, from: { timestamp: '2026-02-30T00:00:00Z' } },
      code: 'kafka-query-invalid',
    },
    { title: 'an unknown format', query: { topic: people.topic, value: 'xml' }, code: 'kafka-query-invalid' },
  ],
  large: { query: { topic: large.topic } },
})
