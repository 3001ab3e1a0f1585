import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { rowsApplication, startDispatch, type TestApplication, waitingCode } from './dispatch.test-support.ts'

test('servers and applications share the budget of a system, and runs that wait for it hold no process', async (t) => {
  const applications = ['one', 'two'].map((name) => waitingApplication(name))
  const dispatch = await startDispatch(t, applications, {
    runners: { processes: 4, lease: 'PT30S', silence: 'PT30S' },
    systems: { ledger: { runs: 1, hosts: ['ledger.internal'] } },
    environment: (folder) => ({ WAIT_FOLDER: folder }),
  })
  const second = await dispatch.another('b')
  const lane = { alone: true, systems: ['ledger'] }
  const held = []
  for (const name of ['one', 'two', 'one', 'two'])
    held.push(await dispatch.accept(name, { job: 'held' }, lane))
  const begun = async (): Promise<readonly string[]> => {
    const { items } = await dispatch.repository.runs({ state: 'running', most: 10 })
    return items.map(({ runId }) => runId)
  }
  await dispatch.until(async () => ((await begun()).length > 0 ? true : undefined), 'The first run', 60_000)
  // others of the same applications go past those that wait
  for (const name of ['one', 'two']) {
    const { state } = await dispatch.ended(await dispatch.accept(name, { job: 'plain' }), 60_000)
    assert.equal(state, 'completed')
  }
  assert.equal((await begun()).length, 1)
  const working = [...dispatch.runners.status(), ...second.status()].flatMap(({ runs }) => runs)
  assert.deepEqual(working, await begun())
  await writeFile(join(dispatch.folder, 'go'), '')
  for (const id of held) assert.equal((await dispatch.ended(id, 60_000)).state, 'completed')
})

function waitingApplication(name: string): TestApplication {
  const { files, ...application } = rowsApplication(name, { held: waitingCode("row.id === '1'") }, {}, 2)
  const overlay = 'apiVersion: bulkhead.dev/v1beta1\nkind: Environment\nspec: { env: [WAIT_FOLDER] }\n'
  return { ...application, environment: 'test', files: { ...files, 'environments/test.yaml': overlay } }
}
