import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createServerClient, ServerCallFailed } from './server-client.ts'

test('a heartbeat to a server that takes it and is silent ends with what is left of the lease', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-client-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const socket = join(folder, 'server.sock')
  const server = createServer((request) => void request.resume())
  server.listen(socket)
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  using client = createServerClient(socket, 'token', '1.0.0')
  const heardAtMs = client.heardAtMs
  await assert.rejects(client.heartbeat({ runs: [], breakers: [] }, 50), ServerCallFailed)
  await assert.rejects(client.heartbeat({ runs: [], breakers: [] }, -5), ServerCallFailed)
  // far from the ten seconds that other calls may take
  assert.ok(performance.now() - heardAtMs < 9_000)
  assert.equal(client.heardAtMs, heardAtMs)
})
