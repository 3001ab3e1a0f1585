/**
 * Credentials that requests bring, sealed or in clear, pass through what a server does before a runner has them: they
 * are looked for in its memory, its repository, its files and its output. I6, D13. A process that holds on to them
 * proves that the search sees.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { createKey } from '@bulkhead/engine/keys/private-keys'
import { openCredentials } from '@bulkhead/engine/keys/open-credentials'
import { sealCredentials } from '@bulkhead/engine/keys/seal-credentials'
import { writeApplication } from '../support/application-folder.ts'
import { secretSearch } from '../support/secret-search.ts'
import { temporaryFolder } from './command.ts'

/** Of plain letters, as a picture of a memory shows them. */
const canary = (name: string): string => `canary-${name}-${randomBytes(9).toString('hex')}`
const secrets = {
  plain: canary('plain'),
  config: canary('config'),
  misspelt: canary('misspelt'),
  refused: canary('refused'),
  sealed: canary('sealed'),
}

const clientKey = `-----BEGIN PRIVATE KEY-----\n${secrets.config}\n-----END PRIVATE KEY-----\n`

interface Kept {
  readonly is: readonly string[]
  readonly bodies: readonly string[]
}

async function keepRequests(
  t: TestContext,
  hold: boolean,
): Promise<{ readonly kept: Kept; readonly findings: readonly string[] }> {
  const folder = temporaryFolder(t)
  const state = join(folder, 'state')
  mkdirSync(state, { mode: 0o700 })
  for (const [name, plainCredentials] of [
    ['open', 'allow'],
    ['strict', 'refuse'],
  ] as const)
    await writeApplication(join(folder, 'apps', name), name, {
      stores: { out: { connector: 'files', config: { folder: 'out' } } },
      policy: { adHoc: { connectors: ['postgres'], plainCredentials } },
    })
  await createKey(state, 'open', 'ECDH-ES+A256KW', Date.now())
  const strict = (await createKey(state, 'strict', 'ECDH-ES+A256KW', Date.now())).key

  const source = {
    connector: 'postgres',
    config: { host: 'db', database: 'd', user: 'u', tls: {} },
    query: 'SELECT 1',
  }
  const config = { ...source.config, tls: { key: clientKey } }
  const bound = { application: 'strict', requestId: 'r4', expiresMs: Date.now() + 60_000 }
  const jwe = await sealCredentials({ password: secrets.sealed }, strict, bound)
  const requests = [
    {
      application: 'open',
      input: { requestId: 'r1', source: { ...source, config, credentials: { password: secrets.plain } } },
    },
    {
      application: 'open',
      input: { requestId: 'r2', source: { ...source, credentails: { password: secrets.misspelt } } },
    },
    {
      application: 'strict',
      input: { requestId: 'r3', source: { ...source, credentials: { password: secrets.refused } } },
    },
    { application: 'strict', input: { requestId: 'r4', source: { ...source, credentials: { jwe } } } },
  ]
  const program = join(import.meta.dirname, 'sealed-canary.test-process.ts')
  const { stdout, stderr } = await new Promise<{ readonly stdout: string; readonly stderr: string }>(
    (resolve, reject) => {
      const child = execFile(
        process.execPath,
        ['--conditions=@bulkhead/source', program, folder],
        { maxBuffer: 16 * 1024 * 1024, timeout: 120_000 },
        (error, out, err) => (error === null ? resolve({ stdout: out, stderr: err }) : reject(error)),
      )
      child.stdin?.end(JSON.stringify({ requests, hold }))
    },
  )
  const search = secretSearch(secrets)
  search.text(stdout, 'standard output')
  search.text(stderr, 'standard error')
  search.files(folder, [])
  assert.ok(search.searched > 8)
  const kept = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Kept
  if (!hold) {
    const body = kept.bodies.find((text) => text.includes('"r1"')) ?? ''
    const { credentials } = (JSON.parse(body) as { source: { credentials: { jwe: string } } }).source
    const opened = await openCredentials(credentials.jwe, {
      stateFolder: state,
      application: 'open',
      requestId: 'r1',
      nowMs: Date.now(),
      onFound: () => undefined,
    })
    assert.deepEqual(opened, { password: secrets.plain, tls: { key: clientKey } })
  }
  return { kept, findings: search.findings }
}

test('a server keeps no credential of a request, neither in its files nor in its memory', async (t) => {
  const { kept, findings } = await keepRequests(t, false)
  assert.deepEqual(kept.is, ['new', 'new', 'refused plain-credentials-refused', 'new'])
  assert.equal(kept.bodies.length, 3)
  assert.deepEqual(findings, [])
})

test('a credential that a server held on to would be found in its memory', async (t) => {
  const { findings } = await keepRequests(t, true)
  for (const name of ['plain', 'config', 'refused'])
    assert.ok(
      findings.some((finding) => finding.startsWith(name) && finding.endsWith('heap.heapsnapshot')),
      `${name} is not among ${findings.join(', ')}`,
    )
})
