import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { json, startApi } from './testing/api-server.ts'
import { readAll, readFailure } from './testing/read.ts'

let answer = '[]'
const api = await startApi({ after }, (request) => json(request, answer))
const config = { baseUrl: api.url, retry: { attempts: 1 } }
const columns = [
  { name: 'id', type: 'integer' },
  { name: 'city', type: 'text', path: '/address/city' },
]

async function rowsOf(text: string, more: object = {}): Promise<unknown> {
  answer = text
  return (await readAll({ config, query: { path: 'x', columns, ...more } })).rows
}

async function faultOf(text: string, more: object = {}): Promise<{ code: string; message: string }> {
  answer = text
  const { code, message } = await readFailure({ config, query: { path: 'x', columns, ...more } })
  return { code, message }
}

test('refuses a field that no column takes, at any depth of what is taken apart', async () => {
  const outer = await faultOf('[{"id":1},{"id":2,"secret name":"secret value"}]')
  assert.deepEqual(outer, {
    code: 'http-field-unknown',
    message: 'Record 2 has the field "/secret name", which no column takes',
  })
  const inner = await faultOf('[{"id":1,"address":{"city":"Gent","zip":"9000"}}]')
  assert.match(inner.message, /"\/address\/zip"/)
})

test('keeps other fields by their place, or drops them, as the query says', async () => {
  const text = '[{"id":1,"address":{"city":"Gent","zip":[ 9000 ]},"n":1.50,"e":null},{"id":2}]'
  assert.deepEqual(await rowsOf(text, { otherFields: 'keep' }), [
    { id: 1n, city: 'Gent', otherFields: '{"/address/zip":[9000],"/n":1.50,"/e":null}' },
    { id: 2n, city: null, otherFields: null },
  ])
  assert.deepEqual(await rowsOf(text, { otherFields: 'drop' }), [
    { id: 1n, city: 'Gent' },
    { id: 2n, city: null },
  ])
})

test('takes a missing field, a missing object and null for null', async () => {
  assert.deepEqual(await rowsOf('[{},{"id":null,"address":null},null]'), [
    { id: null, city: null },
    { id: null, city: null },
    { id: null, city: null },
  ])
})

test('fails for a value that is not what its column says, and never shows it', async () => {
  const wrong: [type: string, value: string][] = [
    ['integer8', '128'],
    ['unsigned64', '-1'],
    ['integer', '9223372036854775808'],
    ['integer', '1.5'],
    ['integer', 'true'],
    ['integer', '"12 "'],
    ['boolean', '"true"'],
    ['boolean', '0'],
    ['float', '1e999'],
    ['float', '"NaN"'],
    ['float32', '1e39'],
    ['float', '-1e-400'],
    ['float32', '0.001e-50'],
    ['decimal(5,2)', '1.234'],
    ['decimal(5,2)', '1000'],
    ['decimal', '"1,5"'],
    ['decimal', '1e9999'],
    ['text', '{"a":1}'],
    ['text', '[1]'],
    ['text', '"\\ud800"'],
    ['binary', '"a"'],
    ['binary', '"*"'],
    ['date', '"2026-02-30"'],
    ['date', '20260101'],
    ['timestamp', '"2026-01-01T00:00:00Z"'],
    ['timestamptz', '"2026-01-01T00:00:00"'],
    ['timestamptz', '"2026-01-01T00:00:00.1234567Z"'],
    ['epoch-seconds', '1e15'],
    ['epoch-milliseconds', '"soon"'],
  ]
  for (const [type, value] of wrong) {
    answer = `[{"value":null},{"value":${value}}]`
    const error = await readFailure({ config, query: { path: 'x', columns: [{ name: 'value', type }] } })
    assert.deepEqual(
      [error.code, error.path],
      ['http-value-invalid', 'query.columns.0.type'],
      `${type} ${value}`,
    )
    assert.match(error.message, /^Column "value" of record 2 must be /)
    // Ranges are told in numbers, which may be those of the value.
    if (/[a-z*]{3}/.test(value)) assert.ok(!error.message.includes(value))
  }
})

test('refuses a field that is there twice, and keeps it without columns', async () => {
  assert.equal((await faultOf('[{"id":1,"id":2}]')).code, 'http-value-invalid')
  assert.deepEqual(await rowsOf('[{"id":1,"id":2}]', { columns: undefined }), [{ record: '{"id":1,"id":2}' }])
})

test('takes one value into several columns', async () => {
  const twice = [
    { name: 'id', type: 'integer' },
    { name: 'idText', type: 'text', path: '/id' },
    { name: 'all', type: 'json', path: '' },
  ]
  assert.deepEqual(await rowsOf('[{ "id" : 7 }]', { columns: twice }), [
    { id: 7n, idText: '7', all: '{"id":7}' },
  ])
})

test('fails for an answer that says itself that it is not whole', async () => {
  const query = { records: '/data', errorsAt: '/errors', columns: undefined }
  for (const errors of ['null', '[]', 'false', '""', '0', '{}'])
    assert.equal(((await rowsOf(`{"errors":${errors},"data":[1]}`, query)) as unknown[]).length, 1, errors)
  assert.equal(((await rowsOf('{"data":[1]}', query)) as unknown[]).length, 1)
  for (const errors of ['[{"message":"canary"}]', 'true', '"canary"'])
    assert.deepEqual(await faultOf(`{"data":[1],"errors":${errors}}`, query), {
      code: 'http-errors-reported',
      message: 'Page 1 says that it is not whole',
    })
  const long = await faultOf(`{"data":[1],"errors":["${'canary'.repeat(20_000)}"]}`, query)
  assert.equal(long.code, 'http-errors-reported')
  assert.doesNotMatch(long.message, /canary/)
})
