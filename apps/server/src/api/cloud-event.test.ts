import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRequest } from '@bulkhead/contract'
import { eventsOf } from './cloud-event.ts'

const binary = {
  'content-type': 'application/json',
  'ce-specversion': '1.0',
  'ce-type': 'dev.bulkhead.run.requested.v1',
  'ce-source': '/portal',
  'ce-id': 'r1',
}

function one(headers: Readonly<Record<string, string>>, body: string): Record<string, unknown> {
  const events = eventsOf(headers, Buffer.from(body))
  assert.equal(events.mode, 'one')
  return JSON.parse(events.mode === 'one' ? events.text : '') as Record<string, unknown>
}

test('binary mode: attributes are headers, the body is the data', () => {
  const event = one({ ...binary, 'ce-myextension': 'x', 'ce-time': '2026-11-21T00:00:00Z' }, '{"job":"a"}')
  assert.deepEqual(event, {
    specversion: '1.0',
    type: 'dev.bulkhead.run.requested.v1',
    source: '/portal',
    id: 'r1',
    myextension: 'x',
    time: '2026-11-21T00:00:00Z',
    datacontenttype: 'application/json',
    data: { job: 'a' },
  })
  assert.ok(!Object.hasOwn(one(binary, ''), 'data'))
})

test('binary mode: values are percent-encoded, and may stand in quotes', () => {
  const id = (value: string) => one({ ...binary, 'ce-id': value }, '{}')['id']
  assert.equal(id('Euro%20%E2%82%AC%20%F0%9F%98%80'), 'Euro € 😀')
  assert.equal(id('"a \\"b\\" %22c%22"'), 'a "b" "c"')
  assert.equal(id('100%'), '100%')
  assert.throws(() => id('%FF'), { code: 'call-invalid' })
})

test('binary mode: no header makes data of its own', () => {
  const event = one({ ...binary, 'ce-data': '{"job":"b"}', 'ce-data_base64': 'e30=' }, '{"job":"a"}')
  assert.deepEqual(event['data'], { job: 'a' })
  assert.ok(!Object.hasOwn(event, 'data_base64'))
})

test('binary mode: a body that is no JSON cannot reach out of the data', () => {
  for (const body of ['{"job":"a"},"id":"other"', '{"job":"a"}}', '1 2', '{'])
    assert.throws(() => eventsOf(binary, Buffer.from(body)), { code: 'request-unreadable' }, body)
})

test('binary mode: numbers keep their digits', () => {
  const events = eventsOf(binary, Buffer.from('{"job":"a","parameters":{"id":90071992547409931}}'))
  assert.equal(events.mode === 'one' && readRequest(events.text).data.parameters['id'], 90071992547409931n)
})

test('structured mode: the body is the event, as it came', () => {
  const text = '{ "specversion": "1.0", "data": {"n": 1.0} }'
  assert.deepEqual(
    eventsOf({ 'content-type': 'application/cloudevents+json; charset=utf-8' }, Buffer.from(text)),
    {
      mode: 'one',
      text,
    },
  )
})

test('batched mode: each event as it stands in the list', () => {
  const items = [
    '{"id":"a","x":"],[{\\"","n":[1,[2]]}',
    ' {"id": "b", "n": 90071992547409931}',
    '"c"',
    '[]',
    ' 1 ',
  ]
  const events = eventsOf(
    { 'content-type': 'application/cloudevents-batch+json' },
    Buffer.from(`  [${items.join(',')}]\n`),
  )
  assert.deepEqual(events, { mode: 'batch', texts: items })
})

test('batched mode: 1 to 1,000 events', () => {
  const batch = (text: string) => () =>
    eventsOf({ 'content-type': 'application/cloudevents-batch+json' }, Buffer.from(text))
  for (const text of ['[]', `[${Array.from({ length: 1001 }, () => '1').join(',')}]`])
    assert.throws(batch(text), { code: 'call-invalid' })
  for (const text of ['{}', '[1,]', '[1', ''])
    assert.throws(batch(text), { code: 'request-unreadable' }, text)
})

test('what is no event is told where plain requests belong', () => {
  assert.throws(() => eventsOf({ 'content-type': 'application/json' }, Buffer.from('{}')), {
    code: 'media-type-unsupported',
    path: 'Content-Type',
  })
})
