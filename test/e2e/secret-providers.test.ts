/** Providers of secrets as a run meets them. Vault is a fake of its HTTP API. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { startFakeVault } from '../../packages/engine/src/secrets/fake-vault.test-support.ts'
import { writeApplication } from '../support/application-folder.ts'
import { bulkhead, type Ended, temporaryFolder } from './command.ts'

test('a run reaches Vault, and its application does not reach where Vault is', async (t) => {
  await using vault = await startFakeVault()
  vault.secrets.set('bulkhead/billing/db', { value: 'hunter2' })
  const folder = temporaryFolder(t)
  const password = { secret: 'db' }
  const config = {
    host: '127.0.0.1',
    port: Number(new URL(vault.address).port),
    database: 'd',
    user: 'u',
    password,
  }
  await writeApplication(join(folder, 'app'), 'billing', {
    connections: { ledger: { connector: 'postgres', config } },
  })
  const check = (token: string, address = vault.address): Promise<Ended> =>
    bulkhead(['check', 'app'], {
      folder,
      environment: {
        VAULT_TOKEN_OF_TEST: token,
        BULKHEAD_PLATFORM__SECRETS__PROVIDERS: JSON.stringify([
          { environment: {} },
          { vault: { address, token: { env: 'VAULT_TOKEN_OF_TEST' } } },
        ]),
      },
    })
  const found = await check(vault.rootToken)
  assert.match(found.stdout + found.stderr, /network-refused/)
  assert.deepEqual(vault.asked, ['GET /v1/secret/data/bulkhead/billing/db -'])
  for (const [ended, code] of [
    [await check('hvs.wrong'), 'secret-unreadable'],
    [await check(vault.rootToken, 'http://127.0.0.1:1'), 'secret-provider-unavailable'],
    [await check(vault.rootToken, 'no address'), 'platform-invalid'],
  ] as const) {
    const said = ended.stdout + ended.stderr
    assert.match(said, new RegExp(code))
    assert.ok(!said.includes('hunter2') && !said.includes(vault.rootToken))
    assert.notEqual(ended.code, 0)
  }
})
