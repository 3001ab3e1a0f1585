import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, utimes } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { makeSocketFolder } from './socket-folder.ts'

test('the folders of servers that were killed go with the next start, and those of living ones stay', async (t) => {
  const parent = await mkdtemp(join(tmpdir(), 'bulkhead-sockets-'))
  t.after(() => rm(parent, { recursive: true }))
  const names = ['killed', 'begins', 'begun-long-ago', 'lives'].map((name) => `bulkhead-runners-${name}`)
  for (const name of [...names, 'another']) await mkdir(join(parent, name))
  const [killed = '', begins = '', begunLongAgo = '', lives = ''] = names
  const listen = `require('node:net').createServer().listen(${JSON.stringify(join(parent, killed, 'api'))}, () => console.log('up'))`
  const child = spawn(process.execPath, ['-e', listen], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.ok(existsSync(join(parent, killed, 'api')))
  await utimes(join(parent, begunLongAgo), 1, 1)
  const server = createServer().listen(join(parent, lives, 'api'))
  t.after(() => server.close())
  await once(server, 'listening')

  const own = await makeSocketFolder(parent)
  const [ownName = ''] = dirname(own.socket).split('/').slice(-1)
  const left = (await readdir(parent)).toSorted()
  assert.deepEqual(left, ['another', begins, lives, ownName].toSorted())
  await own[Symbol.asyncDispose]()
  assert.ok(!existsSync(dirname(own.socket)))
})
