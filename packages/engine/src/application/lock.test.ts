import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { applicationSchema } from '@bulkhead/contract'
import { catalogOf } from '../catalog/catalog-of.ts'
import type { Catalog, ConnectorEntry } from '../catalog/catalog.ts'
import type { Application, LockFile } from './application.ts'
import { checkLock, lockOf, readLock, writeLock } from './lock.ts'

function entry(name: string, version: string, integrity = 'sha256-a'): ConnectorEntry {
  return {
    name,
    version,
    folder: `/connectors/${name}`,
    integrity: () => integrity,
    manifest: { name, version, sdk: 1, summary: '', config: {}, query: {}, errors: [] },
  }
}

const installed = catalogOf([entry('postgres', '1.4.2'), entry('files', '1.0.0')])

function applicationWith(lock: LockFile | undefined): Application {
  return {
    name: 'billing',
    folder: '/not/there',
    environment: undefined,
    variables: [],
    files: new Map(),
    lock,
    platform: { allowLoopback: false },
    manifest: applicationSchema.parse({
      apiVersion: 'bulkhead.dev/v1beta1',
      kind: 'Application',
      metadata: { name: 'billing' },
      spec: {
        owner: 'me',
        connections: { ledger: { connector: 'postgres@^1' }, copy: { connector: 'postgres@^1' } },
        stores: { exports: { connector: 'files' } },
      },
    }),
  }
}

async function folder(t: TestContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'bulkhead-lock-'))
  t.after(() => rm(made, { recursive: true }))
  return made
}

test('locks each reference at the newest version that fits', () => {
  assert.deepEqual(lockOf(applicationWith(undefined), installed), {
    lockfileVersion: 1,
    connectors: {
      files: { version: '1.0.0', integrity: 'sha256-a' },
      'postgres@^1': { version: '1.4.2', integrity: 'sha256-a' },
    },
  })
})

test('says what differs from the lock', () => {
  const lock = lockOf(applicationWith(undefined), installed)
  const check = (catalog: Catalog, held: LockFile | undefined = lock): string[] =>
    checkLock(applicationWith(held), catalog)
  assert.deepEqual(check(installed), [])
  assert.match(checkLock(applicationWith(undefined), installed).join(), /no application.lock.json/)
  assert.match(
    check(catalogOf([entry('postgres', '1.5.0'), entry('files', '1.0.0')])).join(),
    /^lock-stale: postgres@\^1 was locked at 1.4.2 and 1.5.0 is installed/,
  )
  assert.match(
    check(catalogOf([entry('postgres', '1.4.2', 'sha256-b'), entry('files', '1.0.0')])).join(),
    /^lock-stale: postgres@\^1 1.4.2 has other files/,
  )
  assert.match(
    check(installed, { lockfileVersion: 1, connectors: {} }).join(),
    /^lock-stale: files is not in/,
  )
})

test('writes a lock whole, reads it back, and refuses a damaged one', async (t) => {
  const made = await folder(t)
  assert.equal(await readLock(made), undefined)
  const lock = lockOf(applicationWith(undefined), installed)
  await writeLock(made, lock)
  assert.deepEqual(await readLock(made), lock)
  assert.deepEqual(await readdir(made), ['application.lock.json'])
  await writeFile(join(made, 'application.lock.json'), '{"lockfileVersion":2}')
  await assert.rejects(readLock(made), { code: 'manifest-unreadable' })
})
