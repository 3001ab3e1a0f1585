/** The suite of the repository on PostgreSQL: two servers on one database. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { PlatformSpec } from '@bulkhead/contract'
import { createDatabase } from '../../../../test/support/postgres.ts'
import { openRepository } from './open-repository.ts'
import { restoreRepository } from './restore-repository.ts'
import { copyCases } from './suite/copy.test-support.ts'
import { claimOne, sampleRequest } from './suite/samples.test-support.ts'
import { repositorySuite, type TestHome } from './suite/suite.test-support.ts'

const home: TestHome = {
  async open(scope, { memoryMs = 1_000_000_000 } = {}) {
    const { url } = await createDatabase(scope)
    let nowMs = 1_800_000_000_000
    const open = async () =>
      await openRepository(postgresSpec(url), {
        stateFolder: '',
        memoryMs,
        clock: () => nowMs,
        log: () => undefined,
      })
    const repository = await open()
    const other = await open()
    scope.after(async () => {
      await repository[Symbol.asyncDispose]()
      await other[Symbol.asyncDispose]()
    })
    return { repository, other, pass: (ms) => void (nowMs += ms), now: () => nowMs }
  },
}
repositorySuite(home)
copyCases(home, [
  {
    name: 'another PostgreSQL',
    spec: async (scope) => postgresSpec((await createDatabase(scope)).url),
  },
  { name: 'SQLite', spec: () => Promise.resolve({ sqlite: {} }) },
])

test('a backup of SQLite is restored to PostgreSQL', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-backup-'))
  t.after(() => rm(folder, { recursive: true }))
  const options = { stateFolder: folder, environment: {}, memoryMs: 1_000_000, log: () => undefined }
  const request = sampleRequest('r1')
  {
    await using embedded = await openRepository({ sqlite: {} }, options)
    await embedded.accept(request)
    await embedded.backup(join(folder, 'backup'))
  }
  const spec = postgresSpec((await createDatabase(t)).url)
  await restoreRepository(spec, options, join(folder, 'backup'))
  const team = await openRepository(spec, options)
  try {
    assert.equal((await claimOne(team)).body, request.body)
    // the counters go on behind what was restored
    assert.equal((await team.accept(sampleRequest('r2'))).is, 'new')
    const { items } = await team.events({ after: 0, most: 10 })
    assert.deepEqual(
      items.map(({ type }) => type),
      ['accepted', 'claimed', 'accepted'],
    )
  } finally {
    await team[Symbol.asyncDispose]()
  }
})

function postgresSpec(url: string): PlatformSpec['repository'] {
  return { postgres: { url, schema: 'bulkhead', connections: 5, tls: false } }
}
