import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { failureOf, openSource, readRequest } from './testing/open-source.ts'
import { type Answer, type ScriptedServer, startScriptedServer } from './testing/scripted-server.ts'

/** What is told to the server when a read stops: a scripted server sees every command. */

const listing = { ok: 1, cursor: { id: 0n, ns: 'shop.$cmd', firstBatch: [{ name: 'orders' }] } }
const reason = new Error('the test stops it')

/** Answers a find with an open cursor of one document, and every next question as `more` says. */
const cursorOf =
  (more: Answer): Answer =>
  (command) => {
    if (command['listCollections'] !== undefined) return listing
    if (command['find'] !== undefined)
      return { ok: 1, cursor: { id: 77n, ns: 'shop.orders', firstBatch: [{ _id: 1 }] } }
    return command['getMore'] === undefined ? { ok: 1 } : more(command)
  }

const next = { ok: 1, cursor: { id: 77n, ns: 'shop.orders', nextBatch: [{ _id: 2 }] } }

function sent({ commands }: ScriptedServer, name: string): Readonly<Record<string, unknown>>[] {
  return commands.filter((command) => command[name] !== undefined)
}

async function read(server: ScriptedServer, stop: AbortController, limits = {}): Promise<unknown> {
  await using source = await openSource({ hosts: [server.host], database: 'shop' }, limits)
  await using extract = await source.prepare(
    readRequest({ collection: 'orders', find: {} }, { batchRows: 1 }),
    stop.signal,
  )
  let batches = 0
  for await (const _ of extract.read(stop.signal)) if (++batches === 3) stop.abort(reason)
  return batches
}

describe('a read that is stopped', () => {
  it('kills its cursor at the server, while the server waits and while it works', async () => {
    for (const more of [() => next, () => undefined] satisfies Answer[]) {
      await using server = await startScriptedServer(cursorOf(more))
      const stop = new AbortController()
      const started = Date.now()
      if (more() === undefined) setTimeout(() => stop.abort(reason), 200)
      assert.equal(await failureOf(read(server, stop)), reason)
      assert.ok(Date.now() - started < 5000)
      const [kill] = sent(server, 'killCursors')
      assert.deepEqual(kill?.['cursors'], [77], 'no cursor was killed')
      await sleep(50)
      assert.equal(server.open(), 0, 'connections are left')
    }
  })
  it('kills its cursor when the reader leaves early', async () => {
    await using server = await startScriptedServer(cursorOf(() => next))
    await using source = await openSource({ hosts: [server.host], database: 'shop' })
    await using extract = await source.prepare(
      readRequest({ collection: 'orders', find: {} }, { batchRows: 1 }),
      new AbortController().signal,
    )
    for await (const _ of extract.read(new AbortController().signal)) break
    assert.equal(sent(server, 'killCursors').length, 1)
  })
  it('ends its connections when the server is still looking for the first document', async () => {
    await using server = await startScriptedServer((command) =>
      command['find'] === undefined ? cursorOf(() => next)(command) : undefined,
    )
    const stop = new AbortController()
    setTimeout(() => stop.abort(reason), 200)
    const started = Date.now()
    assert.equal(await failureOf(read(server, stop)), reason)
    assert.ok(Date.now() - started < 5000)
    await sleep(50)
    assert.equal(server.open(), 0, 'connections are left')
  })
  it('ends by its own clock when the server does not', async () => {
    for (const more of [() => next, () => undefined] satisfies Answer[]) {
      await using server = await startScriptedServer(cursorOf(more))
      await using source = await openSource(
        { hosts: [server.host], database: 'shop' },
        { queryTimeoutMs: 300 },
      )
      const signal = new AbortController().signal
      const error = await failureOf(
        (async () => {
          await using extract = await source.prepare(
            readRequest({ collection: 'orders', find: {} }, { batchRows: 1 }),
            signal,
          )
          for await (const _ of extract.read(signal)) await sleep(1)
        })(),
      )
      assert.equal(error.code, 'mongodb-query-timeout')
      assert.equal(sent(server, 'find')[0]?.['maxTimeMS'], 300)
    }
  })
})

describe('a read', () => {
  it('sends what the settings say, in the session of its cursor', async () => {
    await using server = await startScriptedServer(
      cursorOf(() => ({ ok: 1, cursor: { id: 0n, ns: 'shop.orders', nextBatch: [{ _id: 2 }] } })),
    )
    const settings = { hosts: [server.host], database: 'shop', readConcern: 'majority' }
    await using source = await openSource(settings)
    const signal = new AbortController().signal
    await using extract = await source.prepare(
      readRequest({ collection: 'orders', find: {}, allowDiskUse: true }),
      signal,
    )
    let rows = 0
    for await (const batch of extract.read(signal)) rows += batch.form === 'bytes' ? (batch.rows ?? 0) : 0
    assert.equal(rows, 2)
    const [find] = sent(server, 'find')
    const [getMore] = sent(server, 'getMore')
    assert.deepEqual(find?.['readConcern'], { level: 'majority' })
    assert.equal(find?.['allowDiskUse'], true)
    assert.deepEqual(getMore?.['lsid'], find?.['lsid'])
    assert.equal(sent(server, 'explain').length, 1)
    const names = new Set(server.commands.map((command) => Object.keys(command)[0]))
    names.delete('endSessions')
    assert.deepEqual(
      [...names].toSorted((one, other) => String(one).localeCompare(String(other))),
      ['explain', 'find', 'getMore', 'listCollections'],
    )
  })
  it('is refused when all connections of the connection are in use', async () => {
    await using server = await startScriptedServer(cursorOf(() => next))
    await using source = await openSource({ hosts: [server.host], database: 'shop' }, { connections: 1 })
    const signal = new AbortController().signal
    const request = readRequest({ collection: 'orders', find: {} })
    await using first = await source.prepare(request, signal)
    assert.equal((await failureOf(source.prepare(request, signal))).code, 'mongodb-connections-in-use')
    await first[Symbol.asyncDispose]()
    await using again = await source.prepare(request, signal)
    assert.equal(again.consistency, 'none')
  })
})
