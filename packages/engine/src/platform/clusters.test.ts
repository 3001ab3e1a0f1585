import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { resolveClusters } from './clusters.ts'

const bootstrap = ['broker:9092']

test('finds what a cluster names in variables and files, and prints no secret', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'platform-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'password'), 'pass-word-7\n')
  await writeFile(join(folder, 'key.pem'), 'key-text')
  const clusters = await resolveClusters(
    {
      plain: { bootstrap, tls: false, session: 'PT10S' },
      main: {
        session: 'PT7S',
        bootstrap,
        tls: { key: join(folder, 'key.pem') },
        sasl: {
          mechanism: 'PLAIN',
          username: { env: 'USER_NAME' },
          password: { file: join(folder, 'password') },
        },
      },
    },
    { USER_NAME: 'bulkhead' },
  )
  assert.deepEqual(clusters.get('plain'), { bootstrap, tls: false, sessionMs: 10_000 })
  const { sasl, tls, sessionMs } = clusters.get('main') ?? assert.fail()
  assert.equal(sessionMs, 7000)
  assert.equal(sasl?.username, 'bulkhead')
  assert.equal(sasl.password.reveal(), 'pass-word-7')
  assert.equal(tls !== false && tls.key?.reveal(), 'key-text')
  assert.doesNotMatch(inspect(clusters, { depth: 9 }) + JSON.stringify([...clusters]), /pass-word-7|key-text/)
})

test('names the variable or file that is missing, and its place', async () => {
  const cluster = (password: { env: string } | { file: string }) => ({
    main: {
      session: 'PT10S',
      bootstrap,
      tls: false,
      sasl: { mechanism: 'PLAIN' as const, username: 'u', password },
    },
  })
  for (const [password, message] of [
    [{ env: 'KAFKA_PASSWORD' }, 'The environment variable KAFKA_PASSWORD is not set'],
    [{ file: '/nowhere/password' }, 'The file /nowhere/password cannot be read (ENOENT)'],
  ] as const)
    await assert.rejects(resolveClusters(cluster(password), { KAFKA_PASSWORD: '' }), {
      code: 'platform-text-missing',
      message,
      path: 'spec.kafka.main.sasl.password',
    })
  await assert.rejects(
    resolveClusters({ main: { session: 'PT10S', bootstrap, tls: { ca: '/nowhere/ca.pem' } } }, {}),
    {
      code: 'platform-text-missing',
      path: 'spec.kafka.main.tls.ca',
    },
  )
})
