/** CloudEvents over HTTP, sent by the SDK of CloudEvents: what it makes is what is taken. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fault } from '@bulkhead/contract'
import { CloudEvent, HTTP, type Message } from 'cloudevents'
import { application, job, type ServedApi, serveApi } from './api.test-support.ts'

const path = `/api/v1/applications/${application}/events`
const batchType = 'application/cloudevents-batch+json'
const data = { job, parameters: { airport: 'SEA' } }

function event(more: Record<string, unknown> = {}) {
  return new CloudEvent({
    id: 'e1',
    type: 'dev.bulkhead.run.requested.v1',
    source: '/portal',
    data,
    datacontenttype: 'application/json',
    ...more,
  })
}

async function send(api: ServedApi, { headers, body }: Message, token: Record<string, string>) {
  const flat = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
  return api.call('POST', path, { headers: { ...flat, ...token }, body: body as string })
}

test('an event is one request, in whatever mode it comes', async (t) => {
  const api = await serveApi(t)
  const token = await api.token('run:*')
  const extended = event({
    subject: 'x',
    time: new Date().toISOString(),
    myextension: 'abc',
    dataschema: 'https://e.example/s',
  })
  const binary = await send(api, HTTP.binary(extended), token)
  assert.equal(binary.status, 202, binary.text)
  assert.equal(binary.json['is'], 'new')
  assert.equal(binary.headers.get('location'), binary.json['run'])
  const structured = await send(api, HTTP.structured(extended), token)
  assert.equal(structured.status, 202, structured.text)
  assert.equal(structured.json['is'], 'under-way')
  assert.equal(structured.json['runId'], binary.json['runId'])
  const batched = await api.call('POST', path, {
    headers: { ...token, 'Content-Type': batchType },
    body: [extended.toJSON()],
  })
  const [result] = batched.json['results'] as { readonly run: { readonly runId: string } }[]
  assert.equal(result?.run.runId, binary.json['runId'])
  const run = await api.repository.run(String(binary.json['runId']))
  assert.equal(run?.requestId, 'e1')
  assert.equal(run?.requestSource, '/portal')
})

test('ids and sources of any letters arrive as they were meant, in every mode', async (t) => {
  const api = await serveApi(t)
  const token = await api.token('run:*')
  const strange = event({ id: 'Übung "1" € 😀 100%', source: 'urn:x:%20y' })
  const structured = await send(api, HTTP.structured(strange), token)
  assert.equal(structured.status, 202, structured.text)
  assert.equal(structured.json['requestId'], strange.id)
  // as the binding says it: percent-encoded UTF-8
  const encoded = Object.fromEntries(
    Object.entries({ specversion: '1.0', type: strange.type, source: strange.source, id: strange.id }).map(
      ([name, value]) => [`ce-${name}`, encodeURIComponent(value)],
    ),
  )
  const binary = await api.call('POST', path, {
    headers: { ...token, ...encoded, 'Content-Type': 'application/json; charset=utf-8' },
    body: data,
  })
  assert.equal(binary.json['runId'], structured.json['runId'], binary.text)
})

test('data in base64 and data as text are data too', async (t) => {
  const api = await serveApi(t)
  const token = await api.token('run:*')
  for (const [id, shape] of [
    ['base64', { data_base64: Buffer.from(JSON.stringify(data)).toString('base64') }],
    ['text', { data: JSON.stringify(data) }],
  ] as const) {
    const body = { specversion: '1.0', type: 'dev.bulkhead.run.requested.v1', source: '/s', id, ...shape }
    const called = await api.call('POST', path, {
      headers: { ...token, 'Content-Type': 'application/cloudevents+json' },
      body,
    })
    assert.equal(called.status, 202, called.text)
  }
})

test('what is no CloudEvent 1.0 is refused, mode by mode', async (t) => {
  const api = await serveApi(t)
  const token = await api.token('run:*')
  const structured = (body: unknown, type = 'application/cloudevents+json') =>
    api.call('POST', path, { headers: { ...token, 'Content-Type': type }, body })
  const whole = event().toJSON() as Record<string, unknown>
  for (const missing of ['id', 'source', 'type']) {
    const { [missing]: _, ...rest } = whole
    assert.ok([400, 422].includes((await structured(rest)).status), missing)
  }
  const old = { ...whole, id: 'e2', specversion: '0.3' }
  const refused = await structured(old)
  assert.equal(refused.status, 422)
  // a sender that repeats it hears the same
  assert.deepEqual((await structured(old)).json, refused.json)
  assert.equal((await structured({ ...whole, id: 'e3', type: 'dev.bulkhead.run.completed.v1' })).status, 422)
  assert.equal((await structured('{"specversion":')).status, 400)
  assert.equal((await structured(whole, 'application/cloudevents+xml')).status, 415)
  assert.equal((await structured(whole, 'application/json')).status, 415)
  assert.equal((await structured([], batchType)).status, 400)
  assert.equal((await structured(whole, batchType)).status, 400)
})

test('of a batch every event gets its own result', async (t) => {
  const api = await serveApi(t)
  const token = { ...(await api.token('run:*')), 'Content-Type': batchType }
  const good = Array.from({ length: 40 }, (_, at) => event({ id: `b${at}` }).toJSON())
  const bad = event({ id: 'bad', data: { job, parameters: {} } }).toJSON()
  const mixed = await api.call('POST', path, { headers: token, body: [...good, bad] })
  assert.equal(mixed.status, 202)
  const results = mixed.json['results'] as { readonly id: string; readonly status: number }[]
  assert.deepEqual(
    results.map(({ id }) => id),
    [...good.map((_, at) => `b${at}`), 'bad'],
  )
  assert.deepEqual([...new Set(results.map(({ status }) => status))], [202, 422])
  const none = await api.call('POST', path, { headers: token, body: [{ ...bad, id: 'bad2' }] })
  assert.equal(none.status, 422)
})

test('a batch of which something could not be taken for now is to be sent again, and harms nothing then', async (t) => {
  let broken = true
  const api = await serveApi(t, {
    intake: (intake) => ({
      take: (arrival) =>
        broken && String(arrival.input).includes('"b1"')
          ? Promise.reject(fault('repository-unavailable', 'Away'))
          : intake.take(arrival),
    }),
  })
  const headers = { ...(await api.token('run:*')), 'Content-Type': batchType }
  const body = ['b0', 'b1', 'b2'].map((id) => event({ id }).toJSON())
  const first = await api.call('POST', path, { headers, body })
  assert.equal(first.status, 503)
  assert.ok(first.headers.has('retry-after'))
  broken = false
  const again = await api.call('POST', path, { headers, body })
  assert.equal(again.status, 202)
  const is = (again.json['results'] as { readonly run: { readonly is: string } }[]).map(({ run }) => run.is)
  assert.deepEqual(is, ['under-way', 'new', 'under-way'])
})
