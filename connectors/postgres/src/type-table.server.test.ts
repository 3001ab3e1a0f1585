import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { logicalTypeName } from '@bulkhead/connector-sdk'
import { createDatabase } from '../../../test/support/postgres.ts'
import { never, openConnection, readRequest } from './testing/open-connection.ts'
import { types } from './types.ts'

const database = await createDatabase({ after })
const source = await openConnection(database)
after(() => source[Symbol.asyncDispose]())

describe('the list of types', () => {
  for (const { system, becomes } of types)
    for (const type of system)
      it(`says of ${type} what a column of it becomes: ${becomes}`, async () => {
        const cast = type.replace('(p,s)', '(9,2)').replace('(n)', '(5)')
        const request = readRequest(`SELECT NULL::${cast} AS value`, { form: 'columns', format: 'parquet' })
        await using extract = await source.prepare(request, never)
        assert.equal(logicalTypeName(extract.fields[0]!.type), becomes)
      })
})
