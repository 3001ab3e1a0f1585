import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Encoding } from '../query/server-type.ts'
import { JsonlRow } from './jsonl-row.ts'

/** A value as COPY writes it in its text format. */
const copied = (value: string | null): string =>
  value === null
    ? '\\N'
    : value.replaceAll(
        /[\b\f\n\r\t\v\\]/g,
        (char) => `\\${{ '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't', '\v': 'v' }[char] ?? char}`,
      )

function line(
  columns: readonly (readonly [name: string, encoding: Encoding, value: string | null])[],
): string {
  const row = new JsonlRow(columns.map(([name, encoding]) => ({ name, encoding })))
  const padding = Buffer.from('before\t\\')
  const content = Buffer.from(`${columns.map(([, , value]) => copied(value)).join('\t')}\n`)
  const bytes = Buffer.concat([padding, content, Buffer.from('after\t\n')])
  const [start, end] = [padding.length, padding.length + content.length]
  const bound = row.bound(bytes, start, end)
  const out = Buffer.alloc(bound + 10)
  const length = row.write(bytes, start, end, out, 10) - 10
  assert.ok(length <= bound, `${length} bytes were written, ${bound} were promised at most`)
  return out.toString('utf8', 10, 10 + length)
}

describe('JsonlRow', () => {
  const text = fc
    .oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('"', '\\', '\n', '\t', '\v', '\u0001', 'N', '😀', '\u2028', 'a') }),
    )
    .map((value) => value.replaceAll('\0', ''))
  const nullable = fc.option(text)

  it('writes any text as JSON that is the same text again', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(text, nullable), { minLength: 1 }), (columns) => {
        const names = columns.map(([name], index) => `n${index}${name}`)
        const written = line(columns.map(([, value], index) => [names[index] ?? '', 'plainText', value]))
        assert.equal(written.indexOf('\n'), written.length - 1)
        assert.deepEqual(
          Object.entries(JSON.parse(written)),
          columns.map(([, value], index) => [names[index], value]),
        )
      }),
    )
  })

  it('writes JSON values as they are, on one line', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(undefined, 2, '\t'), (json, indent) => {
        const source = JSON.stringify(JSON.parse(json), undefined, indent)
        const written = line([['j', 'json', source.replaceAll('\n', '\r\n')]])
        assert.equal(written, `{"j":${source.replaceAll('\n', '  ')}}\n`)
      }),
    )
  })

  const cases: readonly [encoding: Encoding, value: string | null, json: string][] = [
    ['int4', '-7', '-7'],
    ['int8', null, 'null'],
    ['numeric', '12.50', '12.50'],
    ['numeric', 'NaN', '"NaN"'],
    ['float8', '-Infinity', '"-Infinity"'],
    ['float8', '-0', '-0'],
    ['float8', '1e-07', '1e-07'],
    ['boolean', 't', 'true'],
    ['boolean', 'f', 'false'],
    ['date', '0044-03-15 BC', '"0044-03-15 BC"'],
    ['timestamp', '2026-10-31 08:15:00.25', '"2026-10-31T08:15:00.25"'],
    ['timestamp', '0044-03-15 08:15:00 BC', '"0044-03-15T08:15:00 BC"'],
    ['timestamp', 'infinity', '"infinity"'],
    ['timestamptz', '2026-10-31 08:15:00+00', '"2026-10-31T08:15:00+00:00"'],
    ['timestamptz', '2026-10-31 08:15:00-05:30', '"2026-10-31T08:15:00-05:30"'],
    ['timestamptz', '1850-01-01 08:15:00+00:17:30', '"1850-01-01T08:15:00+00:17:30"'],
    ['timestamptz', '0044-03-15 08:15:00+01 BC', '"0044-03-15T08:15:00+01:00 BC"'],
    ['timestamptz', '-infinity', '"-infinity"'],
    ['bytea', '\\xdead', '"\\\\xdead"'],
    ['plainText', '', '""'],
    ['plainText', '\\N', '"\\\\N"'],
    ['nested', '[1,\n2]', '[1, 2]'],
  ]
  for (const [encoding, value, json] of cases)
    it(`writes ${encoding} ${String(value)} as ${json}`, () => {
      assert.equal(line([['v', encoding, value]]), `{"v":${json}}\n`)
      assert.equal(line([['a', 'int4', '1'], ['v', encoding, value], ['z', 'plainText', 'x']]), `{"a":1,"v":${json},"z":"x"}\n`) // prettier-ignore
    })

  it('writes a row without columns as an empty object', () => {
    assert.equal(line([]), '{}\n')
  })

  it('promises little more than it needs for a large text', () => {
    const row = new JsonlRow([{ name: 'a', encoding: 'plainText' }])
    const bytes = Buffer.from(`${'x'.repeat(1_000_000)}\n`)
    assert.ok(row.bound(bytes, 0, bytes.length) < 1_000_100)
  })

  it('refuses rows that are not what was described, instead of reading on', () => {
    const row = new JsonlRow([
      { name: 'a', encoding: 'json' },
      { name: 'b', encoding: 'plainText' },
    ])
    for (const text of ['1\n', '1\t2\t3\n', '1\t2', '', '\n', '1\t2\\\n', '\\\n', '"\\', '1\\\n2\tx\\']) {
      const bytes = Buffer.from(`${text}more\tthan\tthat\n`)
      assert.throws(
        () => row.write(bytes, 0, Buffer.byteLength(text), Buffer.alloc(1000), 0),
        { code: 'postgres-protocol' },
        text,
      )
    }
  })
})
