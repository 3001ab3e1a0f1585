import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { PlatformSpec } from '@bulkhead/contract'
import { openRepository } from '../open-repository.ts'
import type { Repository } from '../repository.ts'
import { restoreRepository } from '../restore-repository.ts'
import { claimOne, endedRun, sampleOutcome, sampleRequest, sampleRunId } from './samples.test-support.ts'
import type { TestHome } from './suite.test-support.ts'

interface Target {
  readonly name: string
  /** An empty place. */
  readonly spec: (scope: { after(action: () => Promise<void>): void }) => Promise<PlatformSpec['repository']>
}

/** Backup and restore (P9), from the suite's home to each target. */
export function copyCases(home: TestHome, targets: readonly Target[]): void {
  for (const target of targets)
    test(`a backup is restored to ${target.name}, and what came after it is repeated`, async (t) => {
      const { repository, now, pass } = await home.open(t)
      const folder = await mkdtemp(join(tmpdir(), 'bulkhead-backup-'))
      t.after(() => rm(folder, { recursive: true }))
      const backup = join(folder, 'backup')

      const completed = sampleRequest('completed')
      await endedRun(repository, completed, 'completed')
      const failed = sampleRequest('failed')
      await endedRun(repository, failed, 'failed')
      const running = sampleRequest('running', { context: { text: 'ä\u0000"\n', big: 1e300 } })
      await repository.accept(running)
      const sleeper = await claimOne(repository, { leaseMs: 1000 })
      await repository.appendLog([{ runId: running.runId, epoch: 1, number: 3, text: '["line"]' }])
      await repository.fired({ application: 'billing', trigger: 'nightly', after: undefined, at: 7 })
      const before = await everything(repository)
      await repository.backup(backup)

      // what the backup does not know
      const later = sampleRequest('later')
      await endedRun(repository, later, 'completed')
      const sent = await repository.takeMessages({ server: 's', most: 10, leaseMs: 1000 })
      await repository.messagesSent(sent.map(({ id }) => id))
      const outcome = sampleOutcome(sleeper, 'completed')
      await repository.finish({ runId: running.runId, epoch: 1, outcome })

      const spec = await target.spec(t)
      await restoreRepository(spec, { stateFolder: folder, environment: {} }, backup)
      await assert.rejects(restoreRepository(spec, { stateFolder: folder, environment: {} }, backup), {
        code: 'repository-not-empty',
      })
      pass(2000)
      const restored = await openRepository(spec, {
        stateFolder: folder,
        memoryMs: 1_000_000_000,
        clock: now,
        log: () => undefined,
      })
      try {
        assert.deepEqual(await everything(restored), before)
        // answered before the backup: not run again, but its message is sent again under the same id
        assert.equal((await restored.accept({ ...failed, runId: sampleRunId() })).is, 'answered')
        assert.deepEqual(
          (await restored.takeMessages({ server: 's', most: 10, leaseMs: 1000 })).map(({ id }) => id),
          [`${completed.digest}/1/completed/main`, `${failed.digest}/1/failed/main`],
        )
        // answered after it: run again when it comes again
        assert.equal((await restored.accept({ ...later, runId: sampleRunId() })).is, 'new')
        // ended after it: begun again, and answered under the same id once more
        assert.equal((await restored.recover({ attempts: 3 })).runs, 1)
        const { runs: again } = await restored.claim({
          server: 's',
          leaseMs: 1000,
          most: [{ application: 'billing', runs: 5 }],
        })
        assert.deepEqual(
          again.map(({ run, body }) => [run.requestId, run.epoch, body]),
          [
            ['running', 2, running.body],
            ['later', 1, later.body],
          ],
        )
        assert.equal(await restored.finish({ runId: running.runId, epoch: 1, outcome }), 'lease-lost')
      } finally {
        await restored[Symbol.asyncDispose]()
      }
    })

  test('a file that is no backup, or only the beginning of one, is refused and leaves nothing', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'bulkhead-backup-'))
    t.after(() => rm(folder, { recursive: true }))
    const { repository } = await home.open(t)
    await repository.accept(sampleRequest('r1'))
    const backup = join(folder, 'backup')
    await repository.backup(backup)
    const whole = await readFile(backup)
    await writeFile(join(folder, 'cut'), whole.subarray(0, whole.length - 20))
    await writeFile(join(folder, 'other'), '{"a":1}\n')
    const [target] = targets
    assert.ok(target)
    const spec = await target.spec(t)
    for (const file of ['cut', 'other', 'missing']) {
      if (file === 'cut' && whole.subarray(0, 6).toString() === 'SQLite') continue // its pages are its own business
      await assert.rejects(
        restoreRepository(spec, { stateFolder: folder, environment: {} }, join(folder, file)),
        {
          code: 'backup-unreadable',
        },
      )
    }
    await restoreRepository(spec, { stateFolder: folder, environment: {} }, backup)
  })
}

async function everything(repository: Repository): Promise<unknown> {
  return {
    runs: await repository.runs({ most: 100 }),
    events: await repository.events({ after: 0, most: 100 }),
    messages: await repository.messages({ most: 100 }),
    lastFired: await repository.lastFired('billing', 'nightly'),
    log: await Promise.all(
      (await repository.runs({ most: 100 })).items.map(({ runId }) => repository.log(runId, 0, 10)),
    ),
  }
}
