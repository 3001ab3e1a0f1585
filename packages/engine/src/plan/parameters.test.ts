import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parameterSchema, type ParameterDeclaration } from '@bulkhead/contract'
import fc from 'fast-check'
import { compareDecimals } from './decimal.ts'
import { instantOf } from './instant.ts'
import { adHocParameters, checkParameter, checkParameters, parameterFromText } from './parameters.ts'

function declare(declaration: Record<string, unknown>): ParameterDeclaration {
  return parameterSchema.parse(declaration)
}

function read(declaration: Record<string, unknown>, value: unknown): unknown {
  const checked = checkParameter(declare(declaration), value)
  return 'reason' in checked ? `! ${checked.reason}` : checked.value
}

const table: readonly (readonly [string, Record<string, unknown>, unknown, unknown])[] = [
  ['text', { type: 'string' }, 'a', 'a'],
  ['number for text', { type: 'string' }, 3, '! must be a text'],
  ['NUL in text', { type: 'string' }, 'a\0b', '! must not hold a NUL character'],
  ['half a surrogate pair', { type: 'string' }, '\uD800', '! must not hold half of a surrogate pair'],
  ['long text', { type: 'string', maxLength: 3 }, 'abcd', '! must have at most 3 characters'],
  ['pattern', { type: 'string', pattern: '\\d{4}-\\d{2}' }, '2026-10', '2026-10'],
  ['pattern, only a part', { type: 'string', pattern: '\\d{4}' }, '20261', '! must have the form \\d{4}'],
  [
    'text too long for its pattern',
    { type: 'string', pattern: 'a*' },
    'a'.repeat(1001),
    '! must have at most 1000 characters',
  ],
  ['enum', { type: 'string', enum: ['a', 'b'] }, 'c', '! must be one of a, b'],
  ['whole number', { type: 'integer' }, 42, 42],
  ['whole number as text', { type: 'integer' }, '-42', -42],
  ['64 bits', { type: 'integer' }, '9223372036854775807', 9223372036854775807n],
  [
    'more than 64 bits',
    { type: 'integer' },
    9223372036854775808n,
    '! must fit into 64 bits; declare a decimal for more',
  ],
  [
    'rounded before it came',
    { type: 'integer' },
    1e17,
    '! lost digits on its way: numbers beyond 2^53 must be given as text',
  ],
  [
    'fraction for a whole number',
    { type: 'integer' },
    1.5,
    '! must be a whole number, as a number or as text',
  ],
  ['true for a whole number', { type: 'integer' }, true, '! must be a whole number, as a number or as text'],
  ['minimum', { type: 'integer', minimum: 1 }, 0, '! must be at least 1'],
  [
    'maximum, 64 bits',
    { type: 'integer', maximum: '9007199254740993' },
    9007199254740994n,
    '! must be at most 9007199254740993',
  ],
  ['number', { type: 'number' }, 1.5, 1.5],
  ['number as text', { type: 'number' }, '1e3', 1000],
  ['no number', { type: 'number' }, '', '! must be a number'],
  ['too large a number', { type: 'number' }, '1e999', '! must be a number'],
  ['decimal', { type: 'decimal' }, '12.50', '12.50'],
  ['decimal as number', { type: 'decimal' }, 12.5, '12.5'],
  ['decimal, no number', { type: 'decimal' }, '12,50', '! must be a decimal number as text, such as "12.50"'],
  [
    'decimal bounds',
    { type: 'decimal', minimum: '0.10' },
    '0.0999999999999999999999',
    '! must be at least 0.10',
  ],
  ['boolean', { type: 'boolean' }, false, false],
  ['text for boolean', { type: 'boolean' }, 'false', '! must be true or false'],
  ['date', { type: 'date' }, '2024-02-29', '2024-02-29'],
  ['no such day', { type: 'date' }, '2023-02-29', '! must be a date as text, such as "2026-10-31"'],
  ['date bounds', { type: 'date', maximum: '2026-01-01' }, '2026-01-02', '! must be at most 2026-01-01'],
  ['timestamp', { type: 'timestamp' }, '2026-10-31T08:15:00.25+02:00', '2026-10-31T08:15:00.25+02:00'],
  [
    'timestamp bounds over zones',
    { type: 'timestamp', minimum: '2026-10-31T08:00:00Z' },
    '2026-10-31T09:00:00+02:00',
    '! must be at least 2026-10-31T08:00:00Z',
  ],
  [
    'no timestamp',
    { type: 'timestamp' },
    '2026-10-31T25:00:00Z',
    '! must be a point in time as text, such as "2026-10-31T08:15:00Z"',
  ],
  ['list', { type: 'integer', list: true }, [1, '2', 3n], [1, 2, 3]],
  ['empty list', { type: 'integer', list: true }, [], []],
  ['one value for a list', { type: 'integer', list: true }, 1, '! must be a list'],
  [
    'wrong entry',
    { type: 'integer', list: true },
    [1, null],
    '! has an entry 1 that must be a whole number, as a number or as text',
  ],
  ['long list', { type: 'integer', list: true, maxLength: 1 }, [1, 2], '! must have at most 1 entries'],
  ['null', { type: 'integer' }, null, '! must not be null'],
  ['null where it may be', { type: 'integer', nullable: true }, null, null],
]

for (const [title, declaration, value, expected] of table)
  test(`parameter: ${title}`, () => {
    assert.deepEqual(read(declaration, value), expected)
  })

test('fills in defaults, null included, and names what is missing or unknown', () => {
  const declarations = {
    month: declare({ type: 'string', description: 'Month of the invoices' }),
    limit: declare({ type: 'integer', default: 10 }),
    note: declare({ type: 'string', nullable: true, default: null }),
  }
  const { values, faults } = checkParameters(declarations, { mnth: '2026-10' })
  assert.deepEqual(values, { limit: 10, note: null })
  assert.deepEqual(
    faults.map(({ code, message, path, fix }) => [code, message, path, fix]),
    [
      [
        'parameter-unknown',
        'The job has no parameter mnth; did you mean `month`?',
        'parameters.mnth',
        'Its parameters are month, limit, note',
      ],
      [
        'parameter-missing',
        'The parameter month is missing',
        'parameters.month',
        'Give a text: Month of the invoices',
      ],
    ],
  )
})

test('takes ad hoc parameters as JSON says', () => {
  const given = {
    a: 'x',
    b: 1,
    c: 2.5,
    d: 12345678901234567890n,
    e: true,
    f: null,
    g: [1, 2n],
    h: ['a', null],
  }
  assert.deepEqual(adHocParameters(given), { values: given, faults: [] })
})

test('refuses ad hoc parameters that no source can bind', () => {
  for (const value of [{ a: 1 }, [[1]], ['a', 1], 2 ** 60, Number.NaN, 'a\0', [{}]])
    assert.equal(adHocParameters({ p: value }).faults[0]?.code, 'parameter-invalid', JSON.stringify(value))
  assert.equal(adHocParameters({ 'p; drop': 1 }).faults.length, 1)
})

test('never repeats a value in a message', () => {
  const secret = 'hunter2'
  for (const type of ['integer', 'number', 'decimal', 'boolean', 'date', 'timestamp'] as const) {
    const { faults } = checkParameters({ p: declare({ type }) }, { p: secret })
    assert.doesNotMatch(JSON.stringify(faults), /hunter2/)
  }
})

test('reads what was typed on a command line like JSON', () => {
  assert.equal(parameterFromText(declare({ type: 'boolean' }), 'true'), true)
  assert.deepEqual(parameterFromText(declare({ type: 'integer', list: true }), '1, 2'), ['1', '2'])
  assert.deepEqual(parameterFromText(declare({ type: 'string', list: true }), '["a,b"]'), ['a,b'])
  assert.equal(parameterFromText(declare({ type: 'string' }), '007'), '007')
})

test('every 64-bit number is kept, however it is given', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (whole) => {
      for (const given of [whole, whole.toString()])
        assert.equal(BigInt(read({ type: 'integer' }, given) as bigint), whole)
    }),
  )
})

test('decimals compare as numbers do', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
      fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
      fc.nat(20),
      (a, b, scale) => {
        const order = a < b ? -1 : a > b ? 1 : 0
        assert.equal(compareDecimals(`${a}e-${scale}`, `${b}e-${scale}`), order)
        assert.equal(compareDecimals(`${a}.0`, `${b}.000`), order)
      },
    ),
  )
})

test('points in time agree with the calendar of JavaScript', () => {
  const instants = fc.date({ min: new Date('0001-01-02'), max: new Date('9999-12-30'), noInvalidDate: true })
  fc.assert(
    fc.property(instants, fc.integer({ min: -15, max: 15 }), (date, hours) => {
      const local = new Date(date.getTime() + hours * 3_600_000).toISOString().slice(0, -1)
      const zone = `${hours < 0 ? '-' : '+'}${String(Math.abs(hours)).padStart(2, '0')}:00`
      assert.equal(instantOf(date.toISOString()), BigInt(date.getTime()) * 1000n)
      assert.equal(instantOf(`${local}${zone}`), BigInt(date.getTime()) * 1000n)
    }),
  )
})
