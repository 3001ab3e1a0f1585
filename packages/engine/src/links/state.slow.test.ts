import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { deriveLinkKey } from './link-key.ts'
import { createLinkSigner } from './link-signer.ts'
import { openMasterKey } from './master-key.ts'
import { findServedFolder, pathBelow, registerServedFolder } from './served-folder.ts'
import { stateFolder } from './state-folder.ts'
import { verifyLinkPath } from './verify.ts'

async function folder(t: TestContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'bulkhead-links-'))
  t.after(() => rm(made, { recursive: true }))
  return made
}

test('keeps its state where the desktop says, and ignores a relative place', () => {
  assert.equal(stateFolder({ XDG_STATE_HOME: '/var/state' }), '/var/state/bulkhead')
  for (const environment of [{}, { XDG_STATE_HOME: '' }, { XDG_STATE_HOME: 'state' }]) {
    assert.match(stateFolder(environment), /^\/.*\/\.local\/state\/bulkhead$/)
  }
})

test('makes a key that its owner alone can read, and keeps it', async (t) => {
  const state = join(await folder(t), 'new', 'bulkhead')
  const key = await openMasterKey(state)
  assert.equal(key.bytes.length, 32)
  assert.deepEqual((await openMasterKey(state)).bytes, key.bytes)
  assert.equal((await stat(state)).mode & 0o777, 0o700)
  assert.deepEqual(await readdir(state), ['links.key'])
  assert.equal((await stat(join(state, 'links.key'))).mode & 0o777, 0o600)
})

test('makes one key when many processes come first at once', async (t) => {
  const state = join(await folder(t), 'bulkhead')
  const program = `
    import { openMasterKey } from ${JSON.stringify(new URL('master-key.ts', import.meta.url).href)}
    const { bytes } = await openMasterKey(process.argv[1])
    console.log(Buffer.from(bytes).toString('hex'))`
  const run = promisify(execFile)
  const answers = await Promise.all(
    Array.from({ length: 4 }, () =>
      run(process.execPath, [
        ...process.execArgv.filter((flag) => flag.startsWith('--conditions')),
        '--input-type=module',
        '-e',
        program,
        state,
      ]),
    ),
  )
  assert.equal(new Set(answers.map(({ stdout }) => stdout)).size, 1)
  assert.match(answers[0]?.stdout ?? '', /^[0-9a-f]{64}\n$/)
  assert.deepEqual(await readdir(state), ['links.key'])
})

test('makes one key when many calls come first at once', async (t) => {
  const state = join(await folder(t), 'bulkhead')
  const keys = await Promise.all(Array.from({ length: 20 }, () => openMasterKey(state)))
  assert.equal(new Set(keys.map(({ bytes }) => Buffer.from(bytes).toString('hex'))).size, 1)
  assert.deepEqual(await readdir(state), ['links.key'])
})

test('refuses a key that others can read, or that is none', async (t) => {
  const state = await folder(t)
  await openMasterKey(state)
  await chmod(join(state, 'links.key'), 0o640)
  await assert.rejects(openMasterKey(state), {
    code: 'state-folder-unusable',
    fix: `Run chmod go-rwx ${state}/links.key`,
  })
  await chmod(join(state, 'links.key'), 0o600)
  await writeFile(join(state, 'links.key'), 'short')
  await assert.rejects(openMasterKey(state), { code: 'state-folder-unusable', message: /is not a key/ })
})

test('says when the state folder cannot be one', async (t) => {
  const file = join(await folder(t), 'file')
  await writeFile(file, '')
  await assert.rejects(openMasterKey(join(file, 'bulkhead')), {
    code: 'state-folder-unusable',
    kind: 'environment',
  })
})

test('registers a folder for one application, under an id that hides where it is', async (t) => {
  const state = await folder(t)
  const served = await registerServedFolder(state, 'billing', '/srv/exports/../exports')
  assert.equal(served.folder, '/srv/exports')
  assert.match(served.id, /^[\w-]{16}$/)
  assert.deepEqual(await registerServedFolder(state, 'billing', '/srv/exports/'), served)
  assert.deepEqual(await findServedFolder(state, 'billing', served.id), served)
  assert.equal(await findServedFolder(state, 'payroll', served.id), undefined)
  assert.equal(await findServedFolder(state, '../billing', served.id), undefined)
  assert.equal(await findServedFolder(state, 'billing', '../../links.key'), undefined)
  const other = await registerServedFolder(state, 'payroll', '/srv/exports')
  assert.notEqual(other.id, served.id)
  const file = join(state, 'served', 'billing', `${served.id}.json`)
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.equal((await readFile(file, 'utf8')).includes('payroll'), false)
})

test('does not take an entry that names another application', async (t) => {
  const state = await folder(t)
  const mine = await registerServedFolder(state, 'billing', '/srv/exports')
  await mkdir(join(state, 'served', 'payroll'))
  await writeFile(
    join(state, 'served', 'payroll', `${mine.id}.json`),
    JSON.stringify({ version: 1, ...mine }),
  )
  assert.equal(await findServedFolder(state, 'payroll', mine.id), undefined)
  await writeFile(join(state, 'served', 'billing', `${mine.id}.json`), '{ torn')
  assert.equal(await findServedFolder(state, 'billing', mine.id), undefined)
})

test('serves no folder with the keys in it', async (t) => {
  const state = await folder(t)
  for (const dangerous of ['/', state, join(state, '..'), join(state, 'served')]) {
    await assert.rejects(registerServedFolder(state, 'billing', dangerous), {
      code: 'connection-config-invalid',
      kind: 'config',
    })
  }
})

test('serves the folder that a server keeps for an application without one, to that application alone', async (t) => {
  const state = await folder(t)
  const own = join(state, 'applications', 'billing')
  const { folder: served } = await registerServedFolder(state, 'billing', join(own, 'out'))
  assert.equal(served, join(own, 'out'))
  for (const dangerous of [
    own,
    join(state, 'applications'),
    join(state, 'applications', 'payroll', 'out'),
    join(own, '..', '..', 'served'),
    join(state, 'applications-2', 'billing', 'out'),
  ])
    await assert.rejects(registerServedFolder(state, 'billing', dangerous), {
      code: 'connection-config-invalid',
    })
})

test('knows what lies below a folder', () => {
  assert.equal(pathBelow('/a', '/a/b/c'), 'b/c')
  assert.equal(pathBelow('/a', '/a/..b'), '..b')
  for (const path of ['/a', '/', '/ab', '/a/../b', '/a/..']) assert.equal(pathBelow('/a', path), undefined)
})

test('signs links of a local store, with a warning when nobody serves them', async (t) => {
  const state = await folder(t)
  const master = await openMasterKey(state)
  const served = await registerServedFolder(state, 'billing', '/srv/exports')
  const key = deriveLinkKey(master, 'billing')
  let isUp = false
  let asked = 0
  let nowMs = 1_800_000_000_999
  const signLink = createLinkSigner({
    key,
    folders: [served],
    baseUrl: 'https://files.example.com/bulkhead/',
    now: () => nowMs,
    isServed: async () => (asked++, isUp),
  })
  const object = { key: 'run-1/a.csv', path: '/srv/exports/run-1/a.csv', bytes: 3 }
  const request = { expiresInSeconds: 60, fileName: 'a.csv', contentType: 'text/csv' }
  const link = await signLink(object, request)
  assert.match(
    link.url,
    /^https:\/\/files\.example\.com\/bulkhead\/files\/billing\/[\w-]{16}\/run-1\/a\.csv\?/,
  )
  assert.equal(link.expiresAtMs, 1_800_000_060_000)
  assert.match(
    link.warning ?? '',
    /^Nobody serves links at https:\/\/files\.example\.com\/bulkhead: start "bulkhead serve-files"$/,
  )
  await signLink(object, request)
  assert.equal(asked, 1)
  isUp = true
  nowMs += 11_000
  assert.equal((await signLink(object, request)).warning, undefined)
  const target = link.url.slice('https://files.example.com/bulkhead'.length)
  assert.equal(verifyLinkPath(target, (name) => deriveLinkKey(master, name), nowMs).state, 'valid')
  await assert.rejects(signLink({ ...object, path: '/etc/passwd' }, request), /outside the folders/)
})
