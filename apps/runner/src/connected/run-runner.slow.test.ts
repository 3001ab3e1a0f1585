/** What a runner process says by its exit code, to a server that is not there, or gives it nonsense. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { runnerExits, type RunnerSettings } from '@bulkhead/contract'

async function socketOf(t: TestContext, answer?: RequestListener): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-runner-'))
  t.after(() => rm(folder, { recursive: true }))
  const socket = join(folder, 'server')
  if (answer === undefined) return socket
  const server = createServer(answer).listen(socket)
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return socket
}

/** Its exit code, and what it wrote. */
async function endOf(
  t: TestContext,
  socket: string,
): Promise<{ readonly code: unknown; readonly told: string }> {
  const settings: RunnerSettings = {
    socket,
    token: 'x',
    application: 'shop',
    revision: 'r',
    baseFolder: tmpdir(),
    stateFolder: tmpdir(),
    connectorRoots: [],
    leaseMs: 1000,
    logLevel: 'debug',
  }
  const child = spawn(process.execPath, [...process.execArgv, join(import.meta.dirname, 'main.ts')], {
    env: { PATH: process.env['PATH'], HOME: tmpdir(), TMPDIR: tmpdir() },
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  let told = ''
  child.stderr.on('data', (bytes: Buffer) => void (told += bytes.toString()))
  child.stdin.write(`${JSON.stringify(settings)}\n`)
  const [code] = await once(child, 'close')
  return { code, told }
}

test('a server that cannot be reached is no fault of the application', async (t) => {
  const { code, told } = await endOf(t, await socketOf(t))
  assert.equal(code, runnerExits.gaveUp, told)
  assert.match(told, /The runner ended: The server did not answer/)
})

test('a server that has no time for it is none either', async (t) => {
  const { code } = await endOf(t, await socketOf(t, (_request, response) => response.writeHead(503).end()))
  assert.equal(code, runnerExits.gaveUp)
})

test('files that are not what their digest says are', async (t) => {
  const bundle = JSON.stringify({ application: 'shop', digest: 'r', files: {} })
  const socket = await socketOf(t, (_request, response) => response.end(bundle))
  const { code, told } = await endOf(t, socket)
  assert.equal(code, runnerExits.unreadable, told)
  assert.match(told, /The runner ended: The bundle of \\"shop\\" is not what its digest says/)
})
