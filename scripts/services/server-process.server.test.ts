import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { once } from 'node:events'
import { test } from 'node:test'
import { freePort, type ServerCommand, startServer } from './server-process.ts'

/** A server in one line of JavaScript, which has `port`. */
async function serverOf(code: string): Promise<ServerCommand> {
  const port = await freePort()
  return {
    command: process.execPath,
    args: ['-e', `const port = ${port}; ${code}`],
    stopSignal: 'SIGKILL',
    startMs: 5_000,
    probe: async () => {
      const socket = connect(port, '127.0.0.1')
      await once(socket, 'connect')
      socket.destroy()
    },
  }
}

const forever = new AbortController().signal
const linux = { skip: process.platform === 'linux' ? false : 'finds addresses by /proc' }

test('shows what a server printed that ended before it answered', async () => {
  const broken = await serverOf("console.error('no such setting'); process.exit(3)")
  await assert.rejects(startServer(broken, forever), /it ended with code 3[\s\S]*no such setting/)
})

test('shows what a server printed that never answers, and ends it', async () => {
  const silent = await serverOf("console.log('I wait'); setInterval(() => {}, 1000)")
  const started = startServer({ ...silent, startMs: 500 }, forever)
  await assert.rejects(started, /it does not answer: connect ECONNREFUSED[\s\S]*I wait/)
})

test('starts a server on the loopback interface, and none that others could reach', linux, async () => {
  const serve = (host: string): Promise<ServerCommand> =>
    serverOf(`require('node:net').createServer().listen(port, '${host}')`)
  await using _server = await startServer(await serve('127.0.0.1'), forever)
  for (const [host, shown] of [
    ['0.0.0.0', '0.0.0.0'],
    ['::', '::'],
  ] as const) {
    await assert.rejects(startServer(await serve(host), forever), new RegExp(`it listens on ${shown},`))
  }
})
