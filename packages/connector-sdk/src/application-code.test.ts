/** What an author meets in an editor: the compiler reads this file, and each expected error must be one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MapFields, MapRow, Prepare } from './application-code.ts'

interface Invoice {
  readonly id: bigint
  readonly total: string
}

const fields = { id: 'integer', total: 'decimal(12,2)', state: { kind: 'text' } } satisfies MapFields
type Columns = Record<keyof typeof fields, unknown>

test('mapping code is typed by the row that it gets and the columns that it declares', async () => {
  const one: MapRow<Invoice, Columns> = ({ id, total }, { flags }) => ({
    id: id + 1n,
    total,
    state: flags['late'] === true ? 'late' : 'open',
  })
  const several: MapRow<Invoice, Columns> = (row) => [
    { ...row, state: 'open' },
    { ...row, state: 'paid' },
  ]
  const later: MapRow<Invoice> = async ({ id }) => Promise.resolve(id < 0n ? null : { id })
  const untyped: MapRow = (row) => ({ name: String(row['name']) })

  // @ts-expect-error -- the query has no such column
  const unknown: MapRow<Invoice> = ({ totl }) => ({ totl: totl as unknown })
  // @ts-expect-error -- a declared column is missing
  const missing: MapRow<Invoice, Columns> = ({ id }) => ({ id })
  // @ts-expect-error -- there is no such type
  const wrong = { id: 'int' } satisfies MapFields

  const context = { flags: { late: true } }
  assert.deepEqual(one({ id: 1n, total: '2.00' }, context), { id: 2n, total: '2.00', state: 'late' })
  assert.equal(await later({ id: -1n, total: '' }, context), null)
  for (const made of [several, untyped, unknown, missing]) assert.equal(typeof made, 'function')
  assert.equal(wrong.id, 'int')
})

test('preparing code is typed by what it gets and what it may return', () => {
  const chooses: Prepare = ({ parameters: { month }, connections, flags }) => ({
    connection: connections[0],
    query: { find: flags['archive'] === true ? 'old' : 'new', filter: { month: { $param: 'month' } } },
    parameters: { month: String(month), ids: [1n, 2n] },
    secret: ['ids'],
  })
  const refuses: Prepare = async ({ context }, { signal, log }) => {
    log.info('asked', { context, late: signal.aborted })
    return await Promise.resolve({ refuse: 'There is no such customer' })
  }

  // @ts-expect-error -- a connector with settings of its own is for requests, not for code
  const widens: Prepare = () => ({ connector: 'postgres', config: { host: 'db' } })
  // @ts-expect-error -- an object is no parameter
  const nested: Prepare = () => ({ parameters: { filter: { month: 1 } } })

  for (const made of [chooses, refuses, widens, nested]) assert.equal(typeof made, 'function')
})
