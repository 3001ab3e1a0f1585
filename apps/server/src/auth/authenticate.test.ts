import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Log } from '@bulkhead/connector-sdk'
import type { TokenRecord } from '../repository/repository.ts'
import { createAuth, refuseTokensOff } from './authenticate.ts'
import { ensureFirstToken } from './first-token.ts'
import { newToken, tokenDigest, tokenId } from './token.ts'

const start = Date.UTC(2026, 10, 21)

/** The part of the repository that keeps tokens. */
function keptTokens() {
  const records: TokenRecord[] = []
  let lookUps = 0
  return {
    records,
    lookUps: () => lookUps,
    tokens: () => Promise.resolve(records),
    addToken: (record: TokenRecord) => Promise.resolve(void records.push(record)),
    tokenByHash: (sha256: string) => {
      lookUps++
      return Promise.resolve(records.find((record) => record.sha256 === sha256))
    },
  }
}

function recordOf(
  made: { readonly id: string; readonly sha256: string },
  more: Partial<TokenRecord> = {},
): TokenRecord {
  return {
    id: made.id,
    name: 'portal',
    sha256: made.sha256,
    scopes: ['run:billing'],
    createdAtMs: start,
    expiresAtMs: undefined,
    revokedAtMs: undefined,
    ...more,
  }
}

test('a token says who calls and what they may', async () => {
  const repository = keptTokens()
  const made = newToken()
  repository.records.push(recordOf(made))
  const auth = createAuth({ repository, tokens: 'required', now: () => start })
  assert.deepEqual(await auth.authenticate(`Bearer ${made.token}`), {
    actor: 'token:portal',
    scopes: ['run:billing'],
    key: `token:${made.id}`,
  })
  assert.equal((await auth.authenticate(`bearer   ${made.token}`))?.actor, 'token:portal')
  assert.equal(await auth.authenticate(undefined), undefined)
})

test('what is not the form of a token is refused without a look into the repository', async () => {
  const repository = keptTokens()
  const auth = createAuth({ repository, tokens: 'required', now: () => start })
  const { token } = newToken()
  for (const header of [
    '',
    'Bearer',
    'Bearer x',
    `Basic ${token}`,
    `Bearer ${token}x`,
    `Bearer ${token} ${token}`,
  ])
    await assert.rejects(auth.authenticate(header), { code: 'token-refused' }, header)
  assert.equal(repository.lookUps(), 0)
})

test('an unknown, expired or revoked token is refused, without a word of it in the message', async () => {
  const repository = keptTokens()
  const [expired, revoked, unknown] = [newToken(), newToken(), newToken()]
  repository.records.push(
    recordOf(expired, { expiresAtMs: start }),
    recordOf(revoked, { revokedAtMs: start }),
  )
  const auth = createAuth({ repository, tokens: 'required', now: () => start })
  for (const { token } of [expired, revoked, unknown])
    await assert.rejects(auth.authenticate(`Bearer ${token}`), (error: Error & { code: string }) => {
      assert.equal(error.code, 'token-refused')
      assert.ok(!JSON.stringify([error.message, error.stack]).includes(token.slice(20)))
      return true
    })
})

test('remembers a token for five seconds, and forgets it at once when it is revoked here', async () => {
  let at = start
  const repository = keptTokens()
  const made = newToken()
  const header = `Bearer ${made.token}`
  repository.records.push(recordOf(made))
  const auth = createAuth({ repository, tokens: 'required', now: () => at })
  assert.equal(auth.knows(header), false)
  for (let call = 0; call < 3; call++) await auth.authenticate(header)
  assert.equal(repository.lookUps(), 1)
  assert.equal(auth.knows(header), true)
  repository.records[0] = recordOf(made, { revokedAtMs: at })
  await auth.authenticate(header)
  auth.forget(made.id)
  await assert.rejects(auth.authenticate(header), { code: 'token-refused' })
  at += 5_001
  await assert.rejects(auth.authenticate(header), { code: 'token-refused' })
})

test('a token that expires while it is remembered is refused', async () => {
  let at = start
  const repository = keptTokens()
  const made = newToken()
  repository.records.push(recordOf(made, { expiresAtMs: start + 1000 }))
  const auth = createAuth({ repository, tokens: 'required', now: () => at })
  await auth.authenticate(`Bearer ${made.token}`)
  at += 1000
  await assert.rejects(auth.authenticate(`Bearer ${made.token}`), { message: 'The token has expired' })
})

test('tokens are off on loopback only', () => {
  for (const host of ['127.0.0.1', '127.8.9.1', '::1', 'localhost', '[::1]']) refuseTokensOff('off', host)
  for (const host of [
    '0.0.0.0',
    '::',
    '10.0.0.1',
    'localhost.example.com',
    '127.0.0.1.example.com',
    '1127.0.0.1',
  ])
    assert.throws(() => refuseTokensOff('off', host), { code: 'tokens-off-refused' }, host)
  refuseTokensOff('required', '0.0.0.0')
})

test('the first start makes a token for the administrator, in a file of its owner alone', async (t) => {
  const { log, lines } = recordedLog()
  const stateFolder = join(await temporaryFolder(t), 'state')
  const repository = keptTokens()
  const options = { repository, stateFolder, log, now: () => start }
  await ensureFirstToken(options)
  const file = join(stateFolder, 'admin-token')
  const token = (await readFile(file, 'utf8')).trim()
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  const [record] = repository.records
  assert.deepEqual(record?.scopes, ['admin'])
  assert.equal(record?.sha256, tokenDigest(token))
  assert.equal(record?.id, tokenId(token))
  // named in the log by its path, never by its value
  assert.ok(JSON.stringify(lines).includes(file))
  assert.ok(!JSON.stringify(lines).includes(token))
  await ensureFirstToken(options)
  assert.equal(repository.records.length, 1)
})

test('a token that a start left behind before it was known is taken up, and one of others to read is not', async (t) => {
  const { log } = recordedLog()
  const stateFolder = await temporaryFolder(t)
  const repository = keptTokens()
  const { token, sha256 } = newToken()
  await writeFile(join(stateFolder, 'admin-token'), `${token}\n`, { mode: 0o644 })
  const options = { repository, stateFolder, log, now: () => start }
  await assert.rejects(ensureFirstToken(options), { code: 'state-folder-unusable' })
  await rm(join(stateFolder, 'admin-token'))
  await writeFile(join(stateFolder, 'admin-token'), `${token}\n`, { mode: 0o600 })
  await ensureFirstToken(options)
  assert.deepEqual(
    repository.records.map((record) => record.sha256),
    [sha256],
  )
})

test('where the last administrator is gone, the next start makes a new token', async (t) => {
  const { log } = recordedLog()
  const stateFolder = await temporaryFolder(t)
  const repository = keptTokens()
  const options = { repository, stateFolder, log, now: () => start }
  await ensureFirstToken(options)
  const [first] = repository.records
  assert.ok(first)
  repository.records[0] = { ...first, revokedAtMs: start }
  await ensureFirstToken(options)
  assert.equal(repository.records.length, 2)
  const token = (await readFile(join(stateFolder, 'admin-token'), 'utf8')).trim()
  assert.equal(tokenDigest(token), repository.records[1]?.sha256)
})

function recordedLog(): { readonly log: Log; readonly lines: unknown[] } {
  const lines: unknown[] = []
  const line = (...parts: unknown[]): void => void lines.push(parts)
  return { log: { debug: line, info: line, warn: line }, lines }
}

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-auth-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}
