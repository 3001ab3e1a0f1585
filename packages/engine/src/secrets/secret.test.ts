import assert from 'node:assert/strict'
import { test } from 'node:test'
import { format, inspect } from 'node:util'
import { Secret } from './secret.ts'

const canary = 'correct horse'
const secret = new Secret(canary)

test('cannot be printed', () => {
  const ways = {
    string: String(secret),
    template: `${secret as unknown as string}`,
    sum: '' + (secret as unknown as string),
    json: JSON.stringify({ secret }),
    inspect: inspect({ secret }, { depth: 9, showHidden: true, getters: true }),
    console: format('%s %o %O %j', secret, secret, secret, secret),
    keys: JSON.stringify(Object.getOwnPropertyNames(secret)),
    copy: inspect(Object.assign({}, secret)),
  }
  for (const [way, text] of Object.entries(ways)) assert.ok(!text.includes(canary), `${way}: ${text}`)
  assert.equal(ways.json, '{"secret":"[secret]"}')
})

test('cannot be cloned into another thread', () => {
  assert.ok(!inspect(structuredClone({ secret })).includes(canary))
})

test('is revealed on purpose', () => {
  assert.equal(secret.reveal(), canary)
})
