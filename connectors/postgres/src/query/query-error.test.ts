import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { ServerError, type ServerErrorFields } from '../wire/backend.ts'
import { queryError, type Stage } from './query-error.ts'
import { readQuery } from './query-text.ts'

const query = readQuery('SELECT nope')
const stages: readonly Stage[] = [
  { kind: 'settings' },
  { kind: 'query', query, sent: () => '' },
  { kind: 'parameter', name: 'a', type: 'date' },
  { kind: 'plan', parameters: true },
  { kind: 'plan', parameters: false },
  { kind: 'rows' },
]
const fields = (sqlState: string, more: Partial<ServerErrorFields> = {}): ServerErrorFields => ({
  sqlState,
  message: 'the number 4711 of Jane Doe',
  hint: 'Call 4711.',
  position: 8,
  insideFunction: false,
  ...more,
})
const mapped = (stage: Stage, given: ServerErrorFields, elapsedMs = 5) => {
  const error = queryError(new ServerError(given, 0), stage, { elapsedMs, queryTimeoutMs: 1000 })
  assert.ok(isBulkheadError(error))
  return error
}

describe('queryError', () => {
  it('never repeats what the server says of data, whatever the error and the stage', () => {
    const understood = ['0A000', '3F000', '42601', '42501', '42P18', '54000', '55000']
    const others = [
      '21000',
      '22012',
      '22P02',
      '23514',
      '25001',
      '25006',
      '2F000',
      '38000',
      '40001',
      '53100',
      '55P03',
      '57014',
      '57P01',
      '58030',
      'P0001',
      'XX000',
      'ZZ999',
    ]
    for (const stage of stages)
      for (const sqlState of [...understood, ...others]) {
        const safe = stage.kind === 'query' || (stage.kind === 'plan' && !stage.parameters)
        if (safe && understood.includes(sqlState)) continue
        const { message, fix, cause } = mapped(stage, fields(sqlState))
        assert.doesNotMatch(`${message} ${fix}`, /4711|Jane/, `${sqlState} while ${stage.kind}`)
        assert.equal(cause, undefined)
      }
  })
  it('repeats nothing of what happened inside a function', () => {
    for (const stage of stages) {
      const { message, fix } = mapped(stage, fields('42601', { insideFunction: true }))
      assert.doesNotMatch(`${message} ${fix}`, /4711|Jane|line \d/)
    }
  })
  it('says what is wrong with the text of the query, where, and what the server suggests', () => {
    const error = mapped(
      { kind: 'query', query, sent: () => '' },
      fields('42703', { message: 'column "nope" does not exist', hint: 'Perhaps you meant "note".' }),
    )
    assert.equal(error.code, 'postgres-query-invalid')
    assert.equal(error.message, 'Column "nope" does not exist (42703) at line 1, column 8')
    assert.equal(error.fix, 'Perhaps you meant "note"')
    assert.equal(error.path, 'query')
  })
  it('names the parameter whose value does not fit', () => {
    const error = mapped({ kind: 'parameter', name: 'day', type: 'date' }, fields('22007'))
    assert.equal(error.path, 'parameters.day')
    assert.equal(
      error.message,
      'The server cannot take the parameter day as date: a text is not a date or time (22007)',
    )
  })
  it('tells the own timeout from somebody who cancels', () => {
    const rows: Stage = { kind: 'rows' }
    assert.equal(
      mapped(rows, fields('57014', { message: 'canceling statement due to statement timeout' })).code,
      'postgres-query-timeout',
    )
    assert.equal(
      mapped(rows, fields('57014', { message: 'Anfrage wird abgebrochen' }), 990).code,
      'postgres-query-timeout',
    )
    assert.equal(
      mapped(rows, fields('57014', { message: 'canceling statement due to user request' })).code,
      'postgres-query-cancelled',
    )
  })
  it('tells what may pass by itself from what somebody has to change', () => {
    const rows: Stage = { kind: 'rows' }
    for (const sqlState of [
      '08006',
      '25P03',
      '40001',
      '40P01',
      '53200',
      '55P03',
      '57P01',
      '57P02',
      '58030',
      'XX000',
    ])
      assert.ok(mapped(rows, fields(sqlState)).retryable, sqlState)
    for (const sqlState of ['22012', '25006', '42501', '42703', '54000', 'P0001', '57P04'])
      assert.ok(!mapped(rows, fields(sqlState)).retryable, sqlState)
  })
})
