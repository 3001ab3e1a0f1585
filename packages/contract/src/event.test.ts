import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import fc from 'fast-check'
import { readRequest, requestIdentityOf } from './event.ts'

const data = { job: 'monthly-invoices', parameters: { month: '2026-10' } }
const event = {
  specversion: '1.0',
  type: 'dev.bulkhead.run.requested.v1',
  source: '/billing/portal',
  id: 'req-4711',
  data,
}

function refusal(input: unknown): {
  code: string
  message: string
  path: string | undefined
  codes: string[]
} {
  try {
    readRequest(input)
  } catch (error) {
    if (isBulkheadError(error))
      return {
        code: error.code,
        message: error.message,
        path: error.path,
        codes: [error, ...error.others].map(({ code }) => code),
      }
    throw error
  }
  assert.fail('the request was taken')
}

test('takes a CloudEvent as data, text and bytes alike', () => {
  for (const input of [
    event,
    JSON.stringify(event),
    new TextEncoder().encode(`\uFEFF${JSON.stringify(event)}`),
  ]) {
    const request = readRequest(input)
    assert.equal(request.id, 'req-4711')
    assert.equal(request.source, '/billing/portal')
    assert.deepEqual(request.data, data)
    assert.deepEqual(request.warnings, [])
  }
})

test('takes a plain object with an empty source', () => {
  const request = readRequest({ requestId: 'r1', ...data })
  assert.equal(request.id, 'r1')
  assert.equal(request.source, '')
  assert.deepEqual(request.data, data)
})

test('unwraps what KafkaSource wraps, with an empty source', () => {
  const request = readRequest({
    specversion: '1.0',
    type: 'dev.knative.kafka.event',
    source: '/apis/v1/namespaces/x/kafkasources/y#topic',
    id: 'partition:0/offset:12',
    data: { requestId: 'r1', ...data },
  })
  assert.equal(request.id, 'r1')
  assert.equal(request.source, '')
})

test('does not take the offset of KafkaSource for a request id', () => {
  const { code } = refusal({ ...event, type: 'dev.knative.kafka.event' })
  assert.equal(code, 'request-id-invalid')
})

test('takes the requestId inside any event, with the source of the event', () => {
  const request = readRequest({ ...event, type: 'com.example.asked', data: { requestId: 'inner', ...data } })
  assert.equal(request.id, 'inner')
  assert.equal(request.source, '/billing/portal')
})

test('reads data given as base64 and as JSON text', () => {
  const text = JSON.stringify({ requestId: 'ü1', ...data })
  const base64 = Buffer.from(text).toString('base64')
  for (const body of [{ data_base64: base64 }, { data: text }]) {
    const request = readRequest({ ...event, data: undefined, ...body })
    assert.equal(request.id, 'ü1')
    assert.deepEqual(request.data.parameters, data.parameters)
  }
})

test('refuses a reply that comes back as a request, so that no circle begins', () => {
  const { code, path } = refusal({
    ...event,
    type: 'dev.bulkhead.run.completed.v1',
    data: { requestId: 'r1', status: 'completed' },
  })
  assert.deepEqual([code, path], ['request-invalid', 'type'])
})

test('names what it does not know, and the nearest field', () => {
  const { warnings } = readRequest({
    requestId: 'r1',
    job: 'a',
    ouptut: { format: 'csv' },
    output: { csv: { delimeter: ';' } },
    zzzzzz: 1,
  })
  assert.deepEqual(warnings, [
    '`ouptut` is not known; did you mean `output`?',
    '`output.csv.delimeter` is not known; did you mean `output.csv.delimiter`?',
    '`zzzzzz` is not known',
  ])
})

test('fills in nothing that the request does not say', () => {
  assert.deepEqual(readRequest({ requestId: 'r1', job: 'a', output: { csv: {} }, deliver: {} }).data, {
    job: 'a',
    parameters: {},
    output: { csv: {} },
    deliver: {},
  })
})

test('keeps every digit of a number in parameters', () => {
  const { data: read, warnings } = readRequest(
    '{"requestId":"r1","job":"a","parameters":{"id":12345678901234567890,"list":[9007199254740993],"price":0.12345678901234567890,"small":9007199254740991,"float":1.10,"big":1e21}}',
  )
  assert.deepEqual(read.parameters, {
    id: 12345678901234567890n,
    list: [9007199254740993n],
    price: '0.12345678901234567890',
    small: 9007199254740991,
    float: 1.1,
    big: 1e21,
  })
  assert.deepEqual(warnings, [])
})

test('does not take a number that is too small for zero', () => {
  const text = JSON.stringify({ requestId: 'a', ...data }).replace('"2026-10"', '[1e-400, 0.0, -0, 0e9]')
  assert.deepEqual(readRequest(text).data.parameters, { month: ['1e-400', 0, -0, 0] })
})

test('keeps the digits of numbers in the context too, as text and with a warning', () => {
  const { data: read, warnings } = readRequest(
    '{"requestId":"r1","job":"a","context":{"trace":12345678901234567890}}',
  )
  assert.deepEqual(read.context, { trace: '12345678901234567890' })
  assert.deepEqual(warnings, [
    '`context.trace` has more digits than a number can hold, and was taken as text',
  ])
})

test('finds all faults of a request at once', () => {
  const { code, path, codes } = refusal({
    requestId: '',
    job: 'Not A Name',
    output: { format: 'cvs', compressionLevel: 0 },
    validUntil: 'tomorrow',
  })
  assert.deepEqual([code, path], ['request-id-invalid', 'requestId'])
  assert.deepEqual(codes, [
    'request-id-invalid',
    'request-invalid',
    'request-invalid',
    'request-invalid',
    'request-invalid',
  ])
})

test('refuses what is not one JSON object of bearable size', () => {
  for (const input of [
    '',
    'nonsense',
    '{',
    '[]',
    '3',
    'null',
    new Uint8Array([0xff]),
    '['.repeat(100_000),
    undefined,
  ])
    assert.equal(refusal(input).code, 'request-unreadable')
  assert.equal(
    refusal(JSON.stringify({ requestId: 'r', query: 'x'.repeat(1024 * 1024) })).code,
    'request-unreadable',
  )
  assert.equal(refusal('{"requestId":"r","parameters":{"__proto__":{"a":1}}}').code, 'request-unreadable')
  const circle: Record<string, unknown> = { requestId: 'r' }
  circle['self'] = circle
  assert.equal(refusal(circle).code, 'request-unreadable')
})

test('does not quote the request when it is not JSON', () => {
  const { message } = refusal('{"requestId":"r","credentials":{"password":"hunter2"')
  assert.doesNotMatch(message, /hunter2/)
})

test('refuses a context over 4 KiB', () => {
  assert.equal(refusal({ requestId: 'r', job: 'a', context: 'ü'.repeat(2048) }).path, 'context')
})

test('refuses a source that is both a connection and a connector', () => {
  const { path, message } = refusal({
    requestId: 'r',
    source: { connection: 'a', connector: 'b', query: 'c' },
  })
  assert.equal(path, 'source')
  assert.match(message, /both/)
})

test('says whom to answer although the request is refused', () => {
  const identity = requestIdentityOf({
    ...event,
    specversion: '9',
    data: { job: 7, context: { user: 'u17' } },
  })
  assert.deepEqual(identity, { id: 'req-4711', source: '/billing/portal', context: { user: 'u17' } })
  assert.equal(requestIdentityOf('{"requestId": 4711}').id, '4711')
  assert.equal(requestIdentityOf('{"requestId": "a\\u0000b"}').id, undefined)
})

test('whatever arrives, the reader refuses with an error of its own and never crashes', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string(), fc.anything(), fc.uint8Array()), (input) => {
      requestIdentityOf(input)
      try {
        readRequest(input)
      } catch (error) {
        assert.ok(isBulkheadError(error), String(error))
        assert.match(error.code, /^request-/)
      }
    }),
    { numRuns: 300 },
  )
})

test('wrapping does not change what is asked', () => {
  const parameters = fc.dictionary(
    fc.stringMatching(/^[a-z]{1,8}$/),
    fc.oneof(fc.string(), fc.integer(), fc.boolean()),
  )
  fc.assert(
    fc.property(fc.stringMatching(/^[\x20-\x7E]{1,40}$/), parameters, (id, given) => {
      const body = { job: 'a', parameters: given }
      const plain = readRequest({ requestId: id, ...body })
      const variants = [
        { ...event, id, data: body },
        { ...event, id: 'other', data: { requestId: id, ...body } },
        {
          ...event,
          type: 'dev.knative.kafka.event',
          id: 'offset',
          data: JSON.stringify({ requestId: id, ...body }),
        },
        { ...event, data: undefined, id, data_base64: Buffer.from(JSON.stringify(body)).toString('base64') },
      ]
      for (const variant of variants) {
        const request = readRequest(JSON.stringify(variant))
        assert.equal(request.id, id)
        assert.deepEqual(request.data, plain.data)
      }
    }),
    { numRuns: 100 },
  )
})

test('a field that stands twice is refused, whatever its place, its spelling, and how the request came', () => {
  const request = (more: string) => `{"requestId":"r1","job":"j","parameters":{"month":"2026-10"}${more}}`
  const cases: readonly (readonly [text: string, path: string])[] = [
    [request(',"job":"k"'), 'job'],
    [request(',"j\\u006fb":"k"'), 'job'],
    [request(',"output":{"csv":{"header":true,"header":false}}'), 'output.csv.header'],
    [request(',"context":[{"a":1},{"b":1,"c":{},"b":2}]'), 'context[1].b'],
    [`{"specversion":"1.0","type":"t","source":"/s","id":"r","data":${request(',"job":"k"')}}`, 'data.job'],
    [
      `{"specversion":"1.0","type":"t","source":"/s","id":"r","data_base64":"${btoa(request(',"job":"k"'))}"}`,
      'job',
    ],
  ]
  for (const [text, path] of cases)
    for (const input of [text, new TextEncoder().encode(text)]) {
      assert.throws(() => readRequest(input), { code: 'request-field-repeated', path })
      // who asks is told so
      assert.ok(requestIdentityOf(input).id)
    }
  assert.equal(readRequest(request(',"context":{"job":1,"a":{"job":2}}')).id, 'r1')
  assert.equal(readRequest(request(',"context":"\\"job\\":1,\\"job\\":2"')).id, 'r1')
})

test('whoever may be meant by two ids is nobody, and is not answered', () => {
  for (const text of [
    '{"requestId":"r1","requestId":"r2","job":"j"}',
    '{"requestId":"r1","request\\u0049d":"r2"}',
  ])
    assert.equal(requestIdentityOf(text).id, undefined)
})
