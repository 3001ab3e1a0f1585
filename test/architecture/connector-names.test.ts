import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plant } from '../planted/plant.ts'
import { checkConnectorNames } from './check-connector-names.ts'
import { root } from './checkout.ts'

test('nothing in packages and apps decides by the name of a connector', () => {
  assert.deepEqual(checkConnectorNames(root), [])
})

test('a decision by the name of a connector is found', async (t) => {
  const check = async (
    text: string,
    file = 'packages/engine/src/plan/planted.ts',
  ): Promise<readonly string[]> =>
    checkConnectorNames(await plant(t, { files: { 'connectors/ledger/package.json': '{}', [file]: text } }))
  assert.deepEqual(await check("export const a = { examples: ['ledger@^1'] }\n// a ledger is 'ledger'\n"), [])
  for (const decision of [
    "if (name === 'ledger') stop()",
    "case 'ledger':",
    "const a = { connector: 'ledger@^1' }",
  ])
    assert.deepEqual(await check(`\n${decision}\n`), [
      'packages/engine/src/plan/planted.ts:2 decides by the name of the connector ledger',
    ])
  assert.deepEqual(await check("case 'ledger':", 'apps/cli/src/copy/endpoint.ts'), [])
})
