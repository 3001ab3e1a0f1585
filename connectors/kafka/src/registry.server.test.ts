import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { brokersOf, createTopic } from '../../../test/support/kafka.ts'
import { startFakeRegistry } from './testing/fake-registry.ts'
import { produce } from './testing/produce.ts'
import { open, rowsOf } from './testing/read.ts'

/** Against a real broker, and a registry that is a fake of ours: see fake-registry.ts. */

const made = await createTopic({ after })
const { topic } = made
const login = { username: 'reader', password: 'a long password' }
const schemas = {
  '/schemas/ids/1': { schema: '"long"' },
  '/schemas/ids/2': {
    schema: JSON.stringify({ type: 'record', name: 'Order', fields: [{ name: 'to', type: 'shop.Address' }] }),
    schemaType: 'AVRO',
    references: [{ name: 'shop.Address', subject: 'shop/address', version: 3 }],
  },
  '/subjects/shop%2Faddress/versions/3': {
    schema: JSON.stringify({
      type: 'record',
      name: 'Address',
      namespace: 'shop',
      fields: [{ name: 'street', type: 'string' }],
    }),
  },
  '/schemas/ids/3': { schema: '{}', schemaType: 'PROTOBUF' },
  '/schemas/ids/4': { schema: 'not json {' },
  '/schemas/ids/5': { schema: '"long"', references: [{ name: 'x', subject: 'loop', version: 1 }] },
  '/subjects/loop/versions/1': { schema: '"long"', references: [{ name: 'x', subject: 'loop', version: 1 }] },
}
const registry = await startFakeRegistry(schemas, login)
const config = { brokers: brokersOf(made), registry: { url: registry.url, ...login } }

/** Where the next value lies. */
let next = 0
async function read(value: Buffer, registrySettings: object = config.registry): Promise<unknown> {
  await produce(made, topic, [{ value }])
  const offset = next++
  await using source = await open({ ...config, registry: registrySettings }, { connectTimeoutMs: 2000 })
  return (await rowsOf(source, { topic, value: 'avro', from: { offset } }))[0]?.['value']
}

test('reads values by the schema that they name, with what it refers to, each asked for once', async () => {
  assert.equal(await read(Buffer.of(0, 0, 0, 0, 1, 3)), '-2')
  assert.equal(
    await read(Buffer.from('\0\0\0\0\u0002\u0004Rue', 'latin1').fill(6, 5, 6)),
    '{"to":{"street":"Rue"}}',
  )
  assert.equal(await read(Buffer.of(0, 0, 0, 0, 5, 2)), '1')
  const before = registry.asked.length
  await produce(
    made,
    topic,
    Array.from({ length: 20 }, () => ({ value: Buffer.of(0, 0, 0, 0, 1, 2) })),
  )
  await using source = await open(config)
  assert.equal((await rowsOf(source, { topic, value: 'avro', from: { offset: next } })).length, 20)
  next += 20
  assert.equal(registry.asked.length, before + 1)
})

test('tries again when the registry cannot answer for a moment', async () => {
  registry.fail(503, 2)
  assert.equal(await read(Buffer.of(0, 0, 0, 0, 1, 2)), '1')
  registry.fail(503, 100)
  await assert.rejects(read(Buffer.of(0, 0, 0, 0, 1, 2)), {
    code: 'kafka-registry-unreachable',
    kind: 'transient',
  })
  registry.fail(0, 0)
})

test('says what is wrong with value, schema, login and registry, without secret', async () => {
  const wrong: readonly [string, Buffer, object?][] = [
    ['kafka-value-invalid', Buffer.from('{"a":1}')],
    ['kafka-value-invalid', Buffer.of(0, 0, 0)],
    ['kafka-value-invalid', Buffer.of(0, 0, 0, 0, 1, 2, 2)],
    ['kafka-schema-unsupported', Buffer.of(0, 0, 0, 0, 3, 2)],
    ['kafka-schema-unsupported', Buffer.of(0, 0, 0, 0, 4, 2)],
    ['kafka-registry-settings', Buffer.of(0, 0, 0, 0, 99, 2)],
    [
      'kafka-registry-refused',
      Buffer.of(0, 0, 0, 0, 1, 2),
      { ...config.registry, password: 'wrong password' },
    ],
    ['kafka-registry-unreachable', Buffer.of(0, 0, 0, 0, 1, 2), { url: 'http://127.0.0.1:1' }],
  ]
  for (const [code, value, settings] of wrong) {
    await assert.rejects(
      read(value, settings),
      (error: { code: string; message: string; stack?: string }) => {
        assert.equal(error.code, code, error.message)
        assert.doesNotMatch(`${error.message} ${error.stack}`, /a long password|wrong password/)
        return true
      },
    )
  }
})

test('refuses Avro at once where there is no registry', async () => {
  await using source = await open({ brokers: config.brokers })
  await assert.rejects(rowsOf(source, { topic, value: 'avro' }), {
    code: 'kafka-registry-settings',
    path: 'query',
  })
})
