import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startProxy } from './proxy.ts'

/** A server that greets, then repeats what it is told. */
async function startEcho(t: TestContext): Promise<{ host: string; port: number }> {
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => undefined)
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

async function startBoth(t: TestContext) {
  const proxy = await startProxy(t, await startEcho(t))
  const dial = async (): Promise<Socket> => {
    const socket = connect(proxy.port, proxy.host)
    t.after(() => socket.destroy())
    await once(socket, 'connect')
    return socket
  }
  return { proxy, dial }
}

test('passes bytes both ways, counts them, and passes the end of a stream on', async (t) => {
  const { proxy, dial } = await startBoth(t)
  const socket = await dial()
  socket.end('x'.repeat(300_000))
  assert.equal((await text(socket)).length, 300_000)
  assert.deepEqual([proxy.bytesToServer, proxy.bytesToClient, proxy.accepted], [300_000, 300_000, 1])
})

test('delays and throttles', async (t) => {
  const { proxy, dial } = await startBoth(t)
  const socket = await dial()
  proxy.delay(40)
  let start = performance.now()
  socket.write('a')
  await once(socket, 'data')
  assert.ok(performance.now() - start >= 75, 'there and back again is two delays')
  proxy.delay(0)
  proxy.throttle(10_000)
  start = performance.now()
  socket.end('x'.repeat(1_500))
  await text(socket)
  assert.ok(performance.now() - start >= 140, 'a thousand bytes take a tenth of a second')
})

test('goes silent without closing, and speaks again', async (t) => {
  const { proxy, dial } = await startBoth(t)
  const socket = await dial()
  let heard = ''
  socket.on('data', (data: Buffer) => (heard += data.toString()))
  proxy.silence()
  socket.write('hello')
  await sleep(60)
  assert.deepEqual([heard, socket.destroyed, proxy.open], ['', false, 1])
  proxy.resume()
  await once(socket, 'data')
  assert.equal(heard, 'hello')
})

test('cuts open connections, at once or after so many bytes, and serves new ones', async (t) => {
  const { proxy, dial } = await startBoth(t)
  const first = await dial()
  const failed = once(first, 'error')
  await sleep(10)
  proxy.cut()
  assert.equal(((await failed) as [NodeJS.ErrnoException])[0].code, 'ECONNRESET')
  proxy.cutAfter(4)
  const second = await dial()
  const failedToo = once(second, 'error')
  second.write('1234567')
  assert.equal(((await failedToo) as [NodeJS.ErrnoException])[0].code, 'ECONNRESET')
  proxy.cutAfter(undefined)
  const third = await dial()
  third.end('still here')
  assert.equal(await text(third), 'still here')
})

test('refuses new connections when told to', async (t) => {
  const { proxy, dial } = await startBoth(t)
  proxy.refuse(true)
  await assert.rejects(async () => once(await dial(), 'end'), { code: 'ECONNRESET' })
  proxy.refuse(false)
  const served = await dial()
  served.end('ok')
  assert.equal(await text(served), 'ok')
})
