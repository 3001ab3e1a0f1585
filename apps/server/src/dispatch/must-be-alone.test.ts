import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { readApplication } from '@bulkhead/engine/application/read-application'
import { readCatalog } from '@bulkhead/engine/catalog/read-catalog'
import { writeApplication } from '../../../../test/support/application-folder.ts'
import type { ClaimedRun } from '../repository/repository.ts'
import { rowsApplication } from './dispatch.test-support.ts'
import { isAlwaysAlone, mustBeAlone } from './must-be-alone.ts'

const connectors = resolve(import.meta.dirname, '../../../../connectors')

test('a run is alone with a source or code of its own, a foreign connector, after the death of its process, or when its application wants it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-alone-'))
  t.after(() => rm(folder, { recursive: true }))
  const catalog = await readCatalog([connectors])
  const read = async (name: string, more: Readonly<Record<string, unknown>> = {}) => {
    const { spec, files } = rowsApplication(name, { code: 'export default (row) => row' }, more)
    const { plain } = spec.jobs as { readonly plain: object }
    const jobs = {
      ...spec.jobs,
      prepared: { ...plain, prepare: { file: 'code.ts', timeout: 'PT1S' } },
      asked: { ...plain, prepare: { url: 'http://desk.internal/' } },
    }
    const written = await writeApplication(join(folder, name), name, { ...spec, jobs }, files)
    return readApplication(written, { variables: {} })
  }
  const shop = await read('shop')
  const lonely = await read('lonely', { isolation: 'run' })
  const run = (request: unknown, deaths = 0): ClaimedRun =>
    ({ run: { epoch: 3, deaths }, body: JSON.stringify(request) }) as unknown as ClaimedRun
  const plain = run({ requestId: 'a', job: 'plain' })
  const source = { connector: 'postgres', config: {}, credentials: { jwe: 'a.b.c.d.e' }, query: 'SELECT 1' }

  assert.equal(mustBeAlone(plain, shop, catalog, []), false)
  assert.equal(mustBeAlone(run({ requestId: 'a', job: 'plain' }, 1), shop, catalog, []), true)
  assert.equal(mustBeAlone(run({ requestId: 'a', job: 'code' }), shop, catalog, []), true)
  assert.equal(mustBeAlone(run({ requestId: 'a', job: 'prepared' }), shop, catalog, []), true)
  // an endpoint is a process of its own already
  assert.equal(mustBeAlone(run({ requestId: 'a', job: 'asked' }), shop, catalog, []), false)
  assert.equal(mustBeAlone(run({ requestId: 'a', source }), shop, catalog, []), true)
  assert.equal(mustBeAlone(plain, shop, catalog, [connectors]), true)
  assert.equal(mustBeAlone(plain, lonely, catalog, []), true)
  assert.equal(mustBeAlone(run('no request'), shop, catalog, []), false)
  assert.equal(isAlwaysAlone(shop, catalog, []), false)
  assert.equal(isAlwaysAlone(lonely, catalog, []), true)
})
