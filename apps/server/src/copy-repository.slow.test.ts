import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { backUpServer, restoreServer } from './copy-repository.ts'
import { openRepository } from './repository/open-repository.ts'
import { sampleRequest } from './repository/suite/samples.test-support.ts'

test('what a server keeps is backed up and restored at the places that its platform names', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-backup-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'backup')
  const at = (name: string) => ({
    platformFile: undefined,
    environment: {
      XDG_STATE_HOME: folder,
      BULKHEAD_PLATFORM__REPOSITORY__SQLITE__PATH: join(folder, name),
    },
    file,
  })
  const open = async (name: string) =>
    await openRepository(
      { sqlite: { path: join(folder, name) } },
      { stateFolder: folder, memoryMs: 1_000_000, log: () => undefined },
    )
  const request = sampleRequest('r1')
  await using running = await open('first')
  await running.accept(request)
  await backUpServer(at('first'))

  const rows = await restoreServer(at('second'))
  assert.equal(rows['runs'], 1)
  await assert.rejects(restoreServer(at('second')), { code: 'repository-not-empty' })
  await assert.rejects(restoreServer(at('first')), { code: 'repository-in-use' })
  await using restored = await open('second')
  assert.equal((await restored.run(request.runId))?.state, 'queued')
})
