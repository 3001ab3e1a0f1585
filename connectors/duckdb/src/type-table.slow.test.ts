import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logicalTypeName } from '@bulkhead/connector-sdk'
import { answer, failsWith } from './testing.test-support.ts'
import { types } from './types.ts'

test('the list of types says what a column of each becomes', async () => {
  for (const { system, becomes } of types)
    for (const type of system) {
      const read = answer(`SELECT CAST(NULL AS ${type.replace('(p,s)', '(9,2)')}) AS value`)
      if (becomes === 'refused') await assert.rejects(read, failsWith('duckdb-type-unsupported'))
      else assert.equal(logicalTypeName((await read).fields[0]!.type), becomes, type)
    }
})
