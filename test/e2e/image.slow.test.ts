/** The container image, built by its Containerfile and run as a cluster runs it. */
import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { ReplyEvent } from '@bulkhead/contract'
import { writeApplication } from '../support/application-folder.ts'
import { openContainers, noContainers } from '../support/containers.ts'
import { filesBelow, temporaryFolder } from './command.ts'

const skip = (await noContainers()) ?? false

/** Folders as a cluster mounts them: what a container may write belongs to nobody in particular. */
async function mounts(t: TestContext): Promise<{ folder: string; options: string[] }> {
  const folder = temporaryFolder(t)
  await Promise.all(['event', 'in', 'out', 'replies'].map((name) => mkdir(join(folder, name))))
  for (const name of ['.', 'out', 'replies']) chmodSync(join(folder, name), 0o777)
  await writeFile(join(folder, 'in', 'a.csv'), 'n\r\n1\r\n')
  await writeApplication(join(folder, 'app'), 'shop', {
    connections: { inbox: { connector: 'files', config: { folder: '/in' } } },
    stores: { out: { connector: 'files', config: { folder: '/out' } } },
    jobs: {
      copy: { source: { connection: 'inbox', query: { path: 'a.csv' } }, output: { format: 'binary' } },
    },
    replies: { folder: { file: { folder: '/replies' } } },
  })
  const event = { specversion: '1.0', id: 'order-1', source: '/shop', type: 'dev.bulkhead.run.requested.v1' }
  await writeFile(join(folder, 'event', 'event'), JSON.stringify({ ...event, data: { job: 'copy' } }))
  return {
    folder,
    options: [
      '--env=K_EXECUTION_MODE=batch',
      '--env=K_EVENT_PATH=/event',
      '--tmpfs=/tmp',
      ...['event', 'in', 'app'].flatMap((name) => ['-v', `${join(folder, name)}:/${name}:ro`]),
      ...['out', 'replies'].flatMap((name) => ['-v', `${join(folder, name)}:/${name}`]),
    ],
  }
}

test('an image without shell and root is built, runs an event, and answers it', { skip }, async (t) => {
  const containers = await openContainers(t)
  await containers.build()

  const { folder, options } = await mounts(t)
  const ended = await containers.run(options, ['run', '--application', '/app'])
  assert.equal(ended.code, 0, ended.stderr)
  const reply = JSON.parse(ended.stdout) as ReplyEvent
  assert.equal(reply.data.status, 'completed', JSON.stringify(reply.data.error))
  const [result = assert.fail('no result')] = filesBelow(join(folder, 'out')).filter(
    (name) => !name.startsWith('.bulkhead'),
  )
  assert.equal(await readFile(join(folder, 'out', result), 'utf8'), 'n\r\n1\r\n')
  assert.equal(filesBelow(join(folder, 'replies')).length, 1)

  // who it is, what it may write, and whether every native library finds what it is linked with
  const look = `
    const modules = '/opt/bulkhead/node_modules/'
    console.log(process.getuid(), process.getgid(), process.version)
    try { require('fs').writeFileSync('/opt/bulkhead/x', '') } catch (error) { console.log(error.code) }
    require(modules + '@duckdb/node-bindings')
    import(modules + '@bulkhead/server/dist/index.js').then(() => console.log('fine'))`
  const looked = await containers.run(['--entrypoint', '/usr/local/bin/node'], ['-e', look])
  assert.match(looked.stdout, /^65532 65532 v24\.\S+\n(EROFS|EACCES)\nfine\n$/, looked.stderr)
  assert.notEqual((await containers.run(['--entrypoint', '/bin/sh'], ['-c', 'true'])).code, 0)
})
