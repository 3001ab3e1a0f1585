import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fault } from '@bulkhead/contract'
import { BulkheadError } from '@bulkhead/connector-sdk'
import { application, fileName, job, other, serveApi } from './api.test-support.ts'

const runs = `/api/v1/applications/${application}/jobs/${job}/runs`
const adHoc = `/api/v1/applications/${application}/runs`
const asked = { parameters: { airport: 'SEA' } }

test('a job is started, shown, watched over and answered for', async (t) => {
  const api = await serveApi(t)
  const headers = await api.token(`run:${application}`)
  const started = await api.call('POST', runs, { headers, body: { requestId: 'r1', ...asked } })
  assert.equal(started.status, 202)
  assert.equal(started.json['is'], 'new')
  assert.equal(started.json['requestId'], 'r1')
  const location = started.headers.get('location') ?? ''
  assert.equal(location, started.json['run'])
  const shown = await api.call('GET', location, { headers })
  assert.equal(shown.status, 200)
  assert.equal(shown.json['state'], 'queued')
  assert.equal(shown.json['actor'], 'token:tester')
  const listed = await api.call('GET', `${adHoc}?state=queued&limit=1`, { headers })
  assert.deepEqual(
    (listed.json['items'] as { readonly runId: string }[]).map(({ runId }) => runId),
    [started.json['runId']],
  )
  const history = await api.call('GET', `${location}/events`, { headers })
  assert.equal((history.json['items'] as { readonly type: string }[])[0]?.type, 'accepted')
  const log = await api.call('GET', `${location}/log`, { headers })
  assert.deepEqual(log.json['lines'], [])
})

test('the same key again is the same run, and with other content a conflict', async (t) => {
  const api = await serveApi(t)
  const headers = { ...(await api.token('run:*')), 'Idempotency-Key': '"key 1"' }
  const first = await api.call('POST', runs, { headers, body: asked })
  const again = await api.call('POST', runs, { headers, body: asked })
  assert.equal(again.status, 202)
  assert.equal(again.json['is'], 'under-way')
  assert.equal(again.json['runId'], first.json['runId'])
  assert.equal(again.json['requestId'], 'key 1')
  const changed = await api.call('POST', runs, { headers, body: { parameters: { airport: 'LAX' } } })
  assert.equal(changed.status, 409)
  assert.equal(changed.json['code'], 'request-id-reused')
  assert.equal(changed.json['runId'], first.json['runId'])
  const both = await api.call('POST', runs, { headers, body: { requestId: 'key 2', ...asked } })
  assert.equal(both.status, 400)
  assert.equal(both.json['path'], 'Idempotency-Key')
})

test('a hundred calls with one key at once make one run', async (t) => {
  const api = await serveApi(t)
  const headers = { ...(await api.token('run:*')), 'Idempotency-Key': 'same' }
  const calls = await Promise.all(
    Array.from({ length: 100 }, () => api.call('POST', runs, { headers, body: asked })),
  )
  assert.equal(new Set(calls.map(({ json }) => json['runId'])).size, 1)
  assert.equal(calls.filter(({ json }) => json['is'] === 'new').length, 1)
})

test('without an id each call is a request of its own', async (t) => {
  const api = await serveApi(t)
  const headers = await api.token('run:*')
  const [one, two] = [
    await api.call('POST', runs, { headers, body: asked }),
    await api.call('POST', runs, { headers, body: asked }),
  ]
  assert.notEqual(one.json['runId'], two.json['runId'])
  assert.notEqual(one.json['requestId'], two.json['requestId'])
})

test('what is wrong with a request is told with code, path and fix, and recorded', async (t) => {
  const api = await serveApi(t)
  const headers = await api.token('run:*')
  const wrong = await api.call('POST', runs, {
    headers,
    body: { requestId: 'w', parameters: { airport: 'Seattle' } },
  })
  assert.equal(wrong.status, 422)
  assert.equal(wrong.json['code'], 'parameter-invalid')
  assert.equal(wrong.json['path'], 'parameters.airport')
  assert.ok(wrong.json['fix'])
  const recorded = await api.call('GET', `/api/v1/runs/${String(wrong.json['runId'])}`, { headers })
  assert.equal(recorded.json['state'], 'failed')
  const noJson = await api.call('POST', runs, { headers, body: '{"parameters": ' })
  assert.equal(noJson.status, 400)
  assert.equal(noJson.json['code'], 'request-unreadable')
  const noJob = await api.call('POST', `/api/v1/applications/${application}/jobs/unknown/runs`, { headers })
  assert.equal(noJob.json['code'], 'job-unknown')
  const nobody = await api.call('POST', '/api/v1/applications/nobody/runs', { headers, body: { job } })
  assert.equal(nobody.status, 404)
  assert.equal(nobody.json['code'], 'application-unknown')
})

test('whole requests are taken too, plain and as an event, and what the policy refuses is a 403', async (t) => {
  const api = await serveApi(t)
  const headers = await api.token('run:*')
  const plain = await api.call('POST', adHoc, { headers, body: { requestId: 'a', job, ...asked } })
  assert.equal(plain.status, 202)
  const event = {
    specversion: '1.0',
    type: 'dev.bulkhead.run.requested.v1',
    source: '/portal',
    id: 'a',
    data: { job, ...asked },
  }
  const structured = await api.call('POST', adHoc, {
    headers: { ...headers, 'Content-Type': 'application/cloudevents+json' },
    body: event,
  })
  assert.equal(structured.status, 202)
  // another source is another request
  assert.notEqual(structured.json['runId'], plain.json['runId'])
  const refused = await api.call('POST', adHoc, {
    headers,
    body: { source: { connector: 'anything', query: 'SELECT 1' } },
  })
  assert.equal(refused.status, 403)
  assert.equal(refused.json['code'], 'ad-hoc-refused')
  const nothing = await api.call('POST', adHoc, { headers })
  assert.equal(nothing.status, 400)
})

test('numbers of any length arrive as they were sent', async (t) => {
  let text = ''
  const api = await serveApi(t, {
    intake: (intake) => ({
      take: (arrival) => {
        text = Buffer.from(arrival.input as Uint8Array).toString()
        return intake.take(arrival)
      },
    }),
  })
  const headers = await api.token('run:*')
  const body = '{"parameters":{"airport":"SEA","late":90071992547409931234567890}}'
  await api.call('POST', runs, { headers, body })
  assert.equal(text, body)
})

test('a waiting run is cancelled, and one that is over cannot be', async (t) => {
  const api = await serveApi(t)
  const headers = await api.token('run:*')
  const { json } = await api.call('POST', runs, { headers, body: asked })
  const path = `/api/v1/runs/${String(json['runId'])}`
  const cancelled = await api.call('POST', `${path}/cancel`, { headers, body: { reason: 'not needed' } })
  assert.equal(cancelled.status, 202)
  assert.equal(cancelled.json['is'], 'effective')
  assert.equal((await api.call('GET', path, { headers })).json['state'], 'cancelled')
  const again = await api.call('POST', `${path}/cancel`, { headers })
  assert.equal(again.status, 409)
  assert.equal(again.json['code'], 'run-over')
  const typo = await api.call('POST', `${path}/cancel`, { headers, body: { raeson: '' } })
  assert.equal(typo.status, 400)
  assert.equal(typo.json['path'], 'body.raeson')
})

test('a failed run is tried again, a completed one is not', async (t) => {
  const api = await serveApi(t)
  const headers = await api.token('run:*')
  const failed = await api.finishedRun('failed')
  const again = await api.call('POST', `/api/v1/runs/${failed.runId}/retry`, { headers })
  assert.equal(again.status, 202)
  assert.equal(again.json['attempt'], 2)
  assert.notEqual(again.json['runId'], failed.runId)
  const completed = await api.finishedRun('completed')
  const refused = await api.call('POST', `/api/v1/runs/${completed.runId}/retry`, { headers })
  assert.equal(refused.status, 409)
  assert.equal(refused.json['code'], 'run-not-retryable')
})

test('links are made when they are asked for, and none is kept by anybody on the way', async (t) => {
  const api = await serveApi(t)
  const headers = await api.token(`read:${application}`)
  const { runId } = await api.finishedRun('completed')
  const path = `/api/v1/runs/${runId}`
  const links = await api.call('POST', `${path}/links`, { headers })
  const [file] = links.json['files'] as { readonly name: string; readonly url: string }[]
  assert.equal(file?.name, fileName)
  assert.match(file.url, /signature=/)
  const stable = await api.call('GET', `${path}/files/${fileName}`, { headers })
  assert.equal(stable.status, 302)
  assert.match(stable.headers.get('location') ?? '', /signature=/)
  assert.equal(stable.headers.get('cache-control'), 'no-store')
  const unknown = await api.call('GET', `${path}/files/other.csv`, { headers })
  assert.equal(unknown.status, 404)
  // the run as it is kept has no link, and the log has none either
  assert.ok(!(await api.call('GET', path, { headers })).text.includes('signature'))
  assert.ok(!api.logLines.join('').includes('signature'))
  const failed = await api.finishedRun('failed')
  assert.equal((await api.call('POST', `/api/v1/runs/${failed.runId}/links`, { headers })).status, 404)
})

test('a result that is not in its store any more is gone, and another trouble of the store is told as it is', async (t) => {
  const error = (code: string) =>
    new BulkheadError({ kind: 'config', code, message: 'The store says so', fix: 'Look there' })
  let code = 'some-object-missing'
  const api = await serveApi(t, { runners: { sign: () => Promise.reject(error(code)) } })
  const headers = await api.token('admin')
  const { runId } = await api.finishedRun('completed')
  const gone = await api.call('POST', `/api/v1/runs/${runId}/links`, { headers })
  assert.deepEqual([gone.status, gone.json['code']], [410, 'result-expired'])
  code = 'some-bucket-missing'
  const other = await api.call('POST', `/api/v1/runs/${runId}/links`, { headers })
  assert.deepEqual([other.status, other.json['code']], [422, code])
})

test('answers are listed for whom they concern, and sent again', async (t) => {
  const api = await serveApi(t)
  const { runId } = await api.finishedRun('completed')
  const headers = await api.token(`run:${application}`)
  const listed = await api.call('GET', `/api/v1/replies?runId=${runId}`, { headers })
  assert.equal(listed.status, 200)
  const unknown = await api.call('POST', `/api/v1/runs/${runId}/replies`, {
    headers,
    body: { destinations: ['nowhere'] },
  })
  assert.equal(unknown.status, 422)
  assert.equal(unknown.json['code'], 'reply-destination-unknown')
  const stranger = await api.token(`read:${other}`)
  const foreign = await api.call('GET', `/api/v1/replies?application=${application}`, { headers: stranger })
  assert.equal(foreign.status, 403)
  assert.deepEqual((await api.call('GET', '/api/v1/replies', { headers: stranger })).json['items'], [])
})

test('tokens are made, told once, listed without their secret, and revoked', async (t) => {
  const api = await serveApi(t)
  const headers = await api.token('admin')
  const made = await api.call('POST', '/api/v1/tokens', {
    headers,
    body: { name: 'portal', scopes: [`run:${application}`], expiresInSeconds: 60 },
  })
  assert.equal(made.status, 201)
  const own = { Authorization: `Bearer ${String(made.json['token'])}` }
  assert.equal((await api.call('GET', adHoc, { headers: own })).status, 200)
  assert.equal((await api.call('GET', '/api/v1/tokens', { headers: own })).status, 403)
  const listed = await api.call('GET', '/api/v1/tokens', { headers })
  assert.ok(listed.text.includes(String(made.json['id'])))
  assert.ok(!listed.text.includes(String(made.json['token']).slice(20)))
  const path = `/api/v1/tokens/${String(made.json['id'])}`
  assert.equal((await api.call('DELETE', path, { headers })).status, 204)
  assert.equal((await api.call('GET', adHoc, { headers: own })).status, 401)
  assert.equal((await api.call('DELETE', path, { headers })).status, 404)
  const wrong = await api.call('POST', '/api/v1/tokens', {
    headers,
    body: { name: 'x', scopes: ['write:x'] },
  })
  assert.equal(wrong.status, 400)
  assert.equal(wrong.json['path'], 'body.scopes[0]')
  const events = await api.repository.events({ after: 0, most: 100 })
  assert.ok(events.items.some(({ type, actor }) => type === 'token-revoked' && actor === 'token:tester'))
  assert.ok(events.items.some(({ type, actor }) => type === 'token-made' && actor === 'token:tester'))
  assert.ok(!JSON.stringify(events).includes(String(made.json['token']).slice(20)))
})

test('an expired token is refused', async (t) => {
  const api = await serveApi(t)
  const headers = await api.token('admin')
  const made = await api.call('POST', '/api/v1/tokens', {
    headers,
    body: { name: 'short', scopes: ['admin'], expiresInSeconds: 60 },
  })
  const own = { Authorization: `Bearer ${String(made.json['token'])}` }
  assert.equal((await api.call('GET', '/api/v1/tokens', { headers: own })).status, 200)
  api.pass(60_000)
  const late = await api.call('GET', '/api/v1/tokens', { headers: own })
  assert.equal(late.status, 401)
  assert.match(late.headers.get('www-authenticate') ?? '', /invalid_token/)
})

test('applications show what their jobs take; each caller sees its own', async (t) => {
  const api = await serveApi(t)
  const headers = await api.token(`read:${application}`)
  const listed = await api.call('GET', '/api/v1/applications', { headers })
  assert.deepEqual(
    (listed.json['items'] as { readonly name: string }[]).map(({ name }) => name),
    [application],
  )
  const shown = await api.call('GET', `/api/v1/applications/${application}`, { headers })
  assert.equal(shown.json['queued'], 0)
  assert.ok(shown.text.includes('"airport"'))
  const all = await api.call('GET', '/api/v1/applications', { headers: await api.token('admin') })
  assert.ok((all.json['items'] as unknown[]).length > 1)
})

test('check and preview are tasks of runners, so many of an application at once', async (t) => {
  const gates: (() => void)[] = []
  const api = await serveApi(t, {
    runners: { check: () => new Promise((done) => gates.push(() => done([]))) },
  })
  const headers = await api.token('run:*')
  const check = `/api/v1/applications/${application}/check`
  const first = Array.from({ length: 4 }, () => api.call('POST', check, { headers }))
  while (gates.length < 4) await new Promise((wait) => setTimeout(wait, 5))
  const fifth = await api.call('POST', check, { headers })
  assert.equal(fifth.status, 429)
  // what one application has under way is nothing to another
  const elsewhere = api.call('POST', `/api/v1/applications/${other}/check`, { headers })
  while (gates.length < 5) await new Promise((wait) => setTimeout(wait, 5))
  for (const open of gates) open()
  assert.deepEqual(
    (await Promise.all([...first, elsewhere])).map(({ status }) => status),
    [200, 200, 200, 200, 200],
  )
  const rows = await api.call('POST', `/api/v1/applications/${application}/preview?rows=5`, {
    headers,
    body: '{"job":"departures","parameters":{"airport":"SEA"},"context":{"late":90071992547409931234567890}}',
  })
  assert.ok(rows.text.includes('90071992547409931234567890'))
  assert.equal(
    (await api.call('POST', `/api/v1/applications/${application}/preview?rows=0`, { headers, body: {} }))
      .status,
    400,
  )
})

test('the public keys of an application need no token', async (t) => {
  const api = await serveApi(t)
  const keys = await api.call('GET', `/api/v1/applications/${application}/keys`)
  assert.equal(keys.status, 200)
  assert.equal(keys.headers.get('content-type'), 'application/jwk-set+json')
})

test('health tells what is not ready, and depends on no application', async (t) => {
  let isThere = true
  const api = await serveApi(t, {
    repository: (repository) =>
      new Proxy(repository, {
        get: (target, name) => {
          if (name === 'check')
            return () => (isThere ? target.check() : Promise.reject(fault('repository-unavailable', 'Gone')))
          const value: unknown = Reflect.get(target, name, target)
          return typeof value === 'function' ? (value.bind(target) as unknown) : value
        },
      }),
  })
  const start = api.health.starting('triggers')
  assert.equal((await api.call('GET', '/health/live')).status, 200)
  assert.equal((await api.call('GET', '/health/startup')).status, 503)
  start.done()
  assert.equal((await api.call('GET', '/health/startup')).status, 200)
  assert.equal((await api.call('GET', '/health/ready')).status, 200)
  isThere = false
  await new Promise((wait) => setTimeout(wait, 1_050))
  const gone = await api.call('GET', '/health/ready')
  assert.equal(gone.status, 503)
  assert.ok(gone.text.includes('repository-unavailable'))
  assert.equal((await api.call('GET', '/health/live')).status, 200)
})

test('a fault of ours is a 500 that tells nothing of it, and a line in the log', async (t) => {
  const api = await serveApi(t, {
    intake: () => ({ take: () => Promise.reject(new Error('secret detail at /etc/passwd')) }),
  })
  const headers = await api.token('admin')
  const failed = await api.call('POST', runs, { headers, body: asked })
  assert.equal(failed.status, 500)
  assert.equal(failed.json['code'], 'internal')
  assert.ok(!failed.text.includes('secret detail'))
  assert.ok(api.logLines.some((line) => line.includes('secret detail') && line.includes('"level":"error"')))
})

test('a repository that is away, and a full queue, say when to come again', async (t) => {
  for (const [error, status] of [
    [fault('repository-unavailable', 'The database does not answer'), 503],
    [fault('queue-full', '1000 runs wait'), 429],
  ] as const) {
    const api = await serveApi(t, { intake: () => ({ take: () => Promise.reject(error) }) })
    const called = await api.call('POST', runs, { headers: await api.token('admin'), body: asked })
    assert.equal(called.status, status)
    assert.equal(called.json['retryable'], true)
    assert.ok(Number(called.headers.get('retry-after')) >= 1)
  }
})

test('a line of the log tells who called, about which application and run, and in which trace', async (t) => {
  const api = await serveApi(t)
  const { runId } = await api.finishedRun('completed')
  const traceId = '0af7651916cd43dd8448eb211c80319c'
  const headers = { ...(await api.token('admin')), traceparent: `00-${traceId}-b7ad6b7169203331-01` }
  await api.call('GET', `/api/v1/runs/${runId}`, { headers })
  await api.call('GET', `/api/v1/applications/${application}`, { headers })
  const lines = api.logLines.map((line) => JSON.parse(line) as Record<string, unknown>)
  const about = { actor: 'token:tester', traceId, status: 200, method: 'GET' }
  for (const wanted of [
    { ...about, runId },
    { ...about, application },
  ])
    assert.ok(
      lines.some((line) => Object.entries(wanted).every(([name, value]) => line[name] === value)),
      JSON.stringify(wanted),
    )
})
