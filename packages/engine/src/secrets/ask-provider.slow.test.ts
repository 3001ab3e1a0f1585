import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askProvider } from './ask-provider.ts'
import { startFakeVault } from './fake-vault.test-support.ts'

test('waits five seconds for a provider that takes a question and says nothing', async () => {
  await using vault = await startFakeVault()
  vault.broken = 'silent'
  const begun = performance.now()
  await assert.rejects(askProvider('Vault', new URL(vault.address), {}), {
    code: 'secret-provider-unavailable',
    message: 'Vault cannot be reached: no answer in 5 seconds',
  })
  assert.ok(performance.now() - begun < 8000)
})
