/** The table of thirty applications: each becomes a folder that is valid, and they differ. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ApplicationManifest } from '@bulkhead/contract'
import { readRequest } from '@bulkhead/contract'
import { readApplication } from '@bulkhead/engine/application/read-application'
import { readCatalog } from '@bulkhead/engine/catalog/read-catalog'
import { planRun } from '@bulkhead/engine/plan/plan-run'
import { generate } from '../../examples/thirty/generate.ts'
import { readTable } from '../../examples/thirty/table.ts'
import { bulkhead, checkout, temporaryFolder } from './command.ts'

const places = { API: 'http://127.0.0.1:9/', HOOK: 'http://127.0.0.1:9/hook' }

test('thirty applications come of the table, each valid, its request planned without a warning', async (t) => {
  const made = await generate(temporaryFolder(t), await readTable(), places)
  assert.equal(made.length, 30)
  const catalog = await readCatalog([join(checkout, 'connectors')])
  for (const { name, folder, request } of made) {
    const application = await readApplication(folder, { variables: {}, allowLoopback: true })
    const asked = readRequest(JSON.stringify({ requestId: 'r', ...request }))
    const plan = planRun({ application, request: asked, catalog, nowMs: 0 })
    assert.deepEqual([...asked.warnings, ...plan.warnings], [], name)
  }
})

test('no two of them are alike', async (t) => {
  const made = await generate(temporaryFolder(t), await readTable(), places)
  const shapes = await Promise.all(
    made.map(async ({ folder, request, asked, answers }) => {
      const { manifest } = await readApplication(folder, { variables: {} })
      return JSON.stringify([shapeOf(manifest), asked, answers, request])
    }),
  )
  assert.equal(new Set(shapes).size, 30)
})

function shapeOf({ spec: { connections, jobs, triggers, policy } }: ApplicationManifest): unknown {
  return [connections, Object.values(jobs).map(({ process, output }) => [process, output]), triggers, policy]
}

test('the same table gives the same folders', async (t) => {
  const [one, other] = [temporaryFolder(t), temporaryFolder(t)]
  const [made] = [
    await generate(one, await readTable(), places),
    await generate(other, await readTable(), places),
  ]
  for (const { name } of made) {
    const file = join('applications', name, 'application.yaml')
    assert.equal(readFileSync(join(one, file), 'utf8'), readFileSync(join(other, file), 'utf8'))
  }
})

test('one of them runs by the command, and reads the records of a mainframe', async (t) => {
  const folder = temporaryFolder(t)
  const made = await generate(folder, await readTable(), places)
  const ledger = made.find(({ name }) => name === 'ledger')?.folder ?? ''
  const { code, stdout, stderr } = await bulkhead([
    'run',
    '--application',
    ledger,
    '--out',
    join(folder, 'out'),
  ])
  // its webhook is not there
  assert.equal(code, 3, stderr)
  const { data } = JSON.parse(stdout) as { data: { result: { files: { location: string }[] } } }
  assert.equal(
    readFileSync(new URL(data.result.files[0]?.location ?? ''), 'utf8'),
    'account,booked,amount\nDE00000001,2026-10-01,1204.50\nDE00000002,2026-10-02,-0.10\nNL00000003,2026-10-31,99999999.99\nNL00000004,2026-11-01,12.00\n',
  )
})
