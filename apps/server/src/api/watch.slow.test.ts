import assert from 'node:assert/strict'
import { test } from 'node:test'
import { application, job, type ServedApi, serveApi } from './api.test-support.ts'

interface Frame {
  readonly id: string | undefined
  readonly event: string | undefined
  readonly data: Record<string, unknown>
}

/** Reads a stream to its end, or until somebody has seen enough. */
async function follow(
  api: ServedApi,
  runId: string,
  headers: Record<string, string>,
  enough: (frames: readonly Frame[]) => boolean | Promise<boolean> = () => false,
): Promise<readonly Frame[]> {
  const stop = new AbortController()
  const response = await fetch(`${api.url}/api/v1/runs/${runId}/watch`, { headers, signal: stop.signal })
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'text/event-stream')
  assert.equal(response.headers.get('cache-control'), 'no-store')
  assert.equal(response.headers.get('x-content-type-options'), 'nosniff')
  const frames: Frame[] = []
  let text = ''
  try {
    for await (const part of response.body ?? []) {
      text += Buffer.from(part as Uint8Array).toString()
      const whole = text.split('\n\n')
      text = whole.pop() ?? ''
      for (const frame of whole) {
        const field = (name: string): string | undefined =>
          new RegExp(`^${name}: (.*)$`, 'm').exec(frame)?.[1]
        const data = field('data')
        if (data !== undefined)
          frames.push({ id: field('id'), event: field('event'), data: JSON.parse(data) as Frame['data'] })
      }
      if (await enough(frames)) stop.abort()
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error
  }
  return frames
}

async function startedRun(api: ServedApi, headers: Record<string, string>): Promise<string> {
  const path = `/api/v1/applications/${application}/jobs/${job}/runs`
  const started = await api.call('POST', path, { headers, body: { parameters: { airport: 'SEA' } } })
  return String(started.json['runId'])
}

test('tells the history, the progress, and how it ended, and then ends', async (t) => {
  const api = await serveApi(t)
  const headers = await api.token('run:*')
  const runId = await startedRun(api, headers)
  let at = 0
  const frames = await follow(api, runId, headers, async (seen) => {
    if (at === 0 && seen.some(({ event }) => event === 'history')) {
      at = 1
      await api.repository.claim({ server: 's', leaseMs: 60_000, most: [{ application, runs: 1 }] })
      const runs = [{ runId, epoch: 1, startedAtMs: Date.now(), progress: { rows: 7, bytes: 70 } }]
      await api.repository.renew({ server: 's', leaseMs: 60_000, runs })
    } else if (at === 1 && seen.some(({ event }) => event === 'progress')) {
      at = 2
      await api.repository.lose([{ runId, epoch: 1, reason: 'exit code 1', why: 'died' }], { attempts: 1 })
    }
    return false
  })
  const events = frames.map(({ event, data }) => (event === 'history' ? data['type'] : event))
  assert.equal(events[0], 'accepted')
  assert.ok(events.includes('claimed'))
  assert.equal(events.at(-1), 'run')
  assert.deepEqual(frames.find(({ event }) => event === 'progress')?.data, { rows: 7, bytes: 70 })
  assert.equal(frames.at(-1)?.data['state'], 'failed')
  const ids = frames.flatMap(({ id }) => (id === undefined ? [] : [Number(id)]))
  assert.deepEqual(
    ids,
    ids.toSorted((a, b) => a - b),
  )
})

test('goes on where it was cut off, and repeats nothing', async (t) => {
  const api = await serveApi(t)
  const headers = await api.token('run:*')
  const { runId } = await api.finishedRun('completed')
  const whole = await follow(api, runId, headers)
  const history = whole.filter(({ event }) => event === 'history')
  assert.ok(history.length >= 2)
  const rest = await follow(api, runId, { ...headers, 'Last-Event-ID': history[0]?.id ?? '' })
  assert.deepEqual(rest, whole.slice(1))
  const wrong = await api.call('GET', `/api/v1/runs/${runId}/watch`, {
    headers: { ...headers, 'Last-Event-ID': 'x' },
  })
  assert.equal(wrong.status, 400)
})

test('a caller follows so many runs at once, and ends free their places', async (t) => {
  const api = await serveApi(t)
  const headers = await api.token('run:*')
  const runId = await startedRun(api, headers)
  const stops = Array.from({ length: 20 }, () => new AbortController())
  const streams = await Promise.all(
    stops.map(({ signal }) => fetch(`${api.url}/api/v1/runs/${runId}/watch`, { headers, signal })),
  )
  assert.ok(streams.every(({ status }) => status === 200))
  const tooMany = await api.call('GET', `/api/v1/runs/${runId}/watch`, { headers })
  assert.equal(tooMany.status, 429)
  // another caller is another caller
  const others = await api.token('run:*')
  await follow(api, runId, others, (seen) => seen.length > 0)
  for (const stop of stops) stop.abort()
  await Promise.allSettled(streams.map((stream) => stream.text()))
  for (let look = 0; look < 100; look++) {
    const frames = await fetch(`${api.url}/api/v1/runs/${runId}/watch`, {
      headers,
      signal: AbortSignal.timeout(50),
    }).catch(() => undefined)
    if (frames?.status === 200) return
    await new Promise((wait) => setTimeout(wait, 20))
  }
  assert.fail('the places of streams that ended are not free')
})

test('a server that ends ends its streams', async (t) => {
  const api = await serveApi(t)
  const headers = await api.token('run:*')
  const runId = await startedRun(api, headers)
  const response = await fetch(`${api.url}/api/v1/runs/${runId}/watch`, { headers })
  const begin = performance.now()
  await api.close()
  await response.text()
  assert.ok(performance.now() - begin < 2_000)
})

test('a follower that takes nothing is waited for: no more is read than its connection holds', async (t) => {
  let pages = 0
  const endless = (after: number) => ({
    items: Array.from({ length: 200 }, (_, at) => ({
      sequence: after + at + 1,
      atMs: 0,
      application,
      runId: undefined,
      type: 'told',
      actor: 'test',
      data: { text: 'x'.repeat(1_000) },
    })),
    next: String(after + 200),
  })
  const api = await serveApi(t, {
    repository: (repository) =>
      new Proxy(repository, {
        get: (target, name) => {
          if (name === 'events')
            return ({ after }: { readonly after: number }) => Promise.resolve((pages++, endless(after)))
          const value: unknown = Reflect.get(target, name, target)
          return typeof value === 'function' ? (value.bind(target) as unknown) : value
        },
      }),
  })
  const headers = await api.token('run:*')
  const { runId } = await api.finishedRun('completed')
  const stop = new AbortController()
  const { body } = await fetch(`${api.url}/api/v1/runs/${runId}/watch`, { headers, signal: stop.signal })
  const reader = body?.getReader()
  await reader?.read()
  // buffers of both sides fill up, and then nothing more is asked for
  let before = -1
  for (let look = 0; look < 100 && before !== pages; look++) {
    before = pages
    await new Promise((wait) => setTimeout(wait, 200))
  }
  assert.equal(before, pages)
  assert.ok(pages < 500, `${pages} pages of 200 KB were read for a follower that takes nothing`)
  for (let part = 0; part < 2_000 && pages === before; part++) await reader?.read()
  assert.ok(pages > before)
  stop.abort()
  await reader?.closed.catch(() => undefined)
})
