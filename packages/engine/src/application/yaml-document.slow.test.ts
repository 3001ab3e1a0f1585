import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { readYaml } from './yaml-document.ts'

test('reads YAML, with the place of every field', () => {
  const document = readYaml('a:\n  - b: "yes"\n  - 10\nc: {d: 1.5, e: null, f: true}\n', 'x.yaml')
  assert.deepEqual(document.value, { a: [{ b: 'yes' }, 10], c: { d: 1.5, e: null, f: true } })
  assert.equal(document.placeOf(['a', 0, 'b']), 'x.yaml:2:5')
  assert.equal(document.placeOf(['a', 1]), 'x.yaml:3:5')
  assert.equal(document.placeOf(['c', 'missing']), 'x.yaml:4:1')
  assert.equal(document.placeOf([]), undefined)
})

test('refuses a key that comes twice, however many there are, in a moment', () => {
  for (const text of ['a: 1\nb: 2\na: 3', '{a: 1, "a": 2}', 'x:\n  - {b: 1, b: 2}'])
    assert.throws(() => readYaml(text, 'x.yaml'), {
      code: 'manifest-unreadable',
      message: /^x\.yaml:\d+:\d+: Map keys must be unique$/,
    })
  const many = Array.from({ length: 2_500 }, (_, index) => `k${index}: 1`).join('\n')
  const begun = performance.now()
  assert.throws(() => readYaml(`${many}\nk7: 1`, 'x.yaml'), /^BulkheadError: x\.yaml:2501:1: /)
  assert.ok(performance.now() - begun < 5000)
})

test('refuses what is too large to be read in a moment, unseen', () => {
  const most = 256 * 1024
  assert.doesNotThrow(() => readYaml(`a: ${'x'.repeat(most - 3)}`, 'x.yaml'))
  const begun = performance.now()
  for (const text of ['- a\n'.repeat(1_000_000), '['.repeat(4_000_000), `a: ${'x'.repeat(most - 2)}`])
    assert.throws(() => readYaml(text, 'x.yaml'), {
      code: 'manifest-unreadable',
      message: 'x.yaml is larger than 256 KiB',
    })
  assert.ok(performance.now() - begun < 1000)
})

test('refuses what is too much structure to be read in a moment, whatever it is made of, and takes a long text', () => {
  const line = 'SELECT a, b: c FROM [t] WHERE {x} -- &a *b\n'
  assert.doesNotThrow(() => readYaml(`a: |\n${`  ${line}`.repeat(5_000)}`, 'x.yaml'))
  for (const text of [
    '- a\n'.repeat(60_000),
    '['.repeat(200_000),
    Array.from({ length: 14_000 }, (_, index) => `k${index}: v`).join('\n'),
    '? a\n'.repeat(60_000),
    '{a: {b: '.repeat(30_000),
    '- '.repeat(120_000),
  ])
    assert.throws(() => readYaml(text, 'x.yaml'), {
      code: 'manifest-unreadable',
      message: 'x.yaml has more than 20,000 words and signs',
    })
})

test('refuses a whole number that would lose digits', () => {
  for (const digits of ['9007199254740993', '-12345678901234567890'])
    assert.throws(() => readYaml(`a: [${digits}]`, 'x.yaml'), {
      code: 'manifest-unreadable',
      message: /^x\.yaml:1:5: .* has more digits than a number can hold$/,
    })
  assert.deepEqual(readYaml('a: 9007199254740991', 'x.yaml').value, { a: 9007199254740991 })
})

for (const text of [
  'no',
  'Yes',
  'on',
  'OFF',
  'y',
  'N',
  '010',
  '0o10',
  '1:30',
  '1_000',
  '2026-10-31',
  '1e3',
  '0b11',
])
  test(`refuses ${text}, which readers of YAML 1.1 and 1.2 take differently`, () => {
    assert.throws(() => readYaml(`a:\n  b: ${text}`, 'x.yaml'), {
      code: 'manifest-unreadable',
      message: /^x\.yaml:2:6: .* without quotes means different things to different readers of YAML$/,
    })
    assert.deepEqual(readYaml(`a: "${text}"`, 'x.yaml').value, { a: text })
  })

for (const [what, text] of [
  ['a key that is a boolean in 1.1', 'on: 1'],
  ['a key that is a number', '1: a'],
  ['a merge key', 'a: &x {b: 1}\nc: {<<: *x}'],
  ['the same key twice', 'a: 1\na: 2'],
  ['a tag', 'a: !!str 5'],
  ['a tag of its own', 'a: !x 5'],
  ['__proto__', '"__proto__": {a: 1}'],
  ['two documents', 'a: 1\n---\nb: 2'],
  ['YAML 1.1 by its own word', '%YAML 1.1\n---\na: 1'],
  [
    'an alias bomb',
    `a0: &a0 [x]\n${Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`).join('\n')}`,
  ],
  ['deep nesting', '['.repeat(100_000)],
  ['a tab for indentation', 'a:\n\tb: 1'],
] as const)
  test(`refuses ${what}`, () => {
    assert.throws(() => readYaml(text, 'x.yaml'), { code: 'manifest-unreadable' })
  })

test('takes a few aliases', () => {
  assert.deepEqual(readYaml('a: &x {b: 1}\nc: *x', 'x.yaml').value, { a: { b: 1 }, c: { b: 1 } })
})

test('does not quote what stands in the file when it cannot be read', () => {
  assert.throws(
    () => readYaml('password: "hunter2\nb: 1', 'x.yaml'),
    (error: Error) => !error.message.includes('hunter2'),
  )
})

test('reads back what a YAML 1.1 writer wrote', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean()), {
        noNullPrototype: true,
      }),
      (value) => {
        fc.pre(
          !Object.hasOwn(value, '__proto__') &&
            !Object.keys(value).some((key) => /^(<<|[-+]?[\d.]+)$/.test(key)),
        )
        const text = stringify(value, {
          version: '1.1',
          defaultStringType: 'QUOTE_DOUBLE',
          defaultKeyType: 'QUOTE_DOUBLE',
        })
        assert.deepEqual(readYaml(text, 'x.yaml').value, value)
      },
    ),
  )
})

test('does not quote a value that two readers take differently: it may be a password', () => {
  assert.throws(
    () => readYaml('password: 01234567', 'x.yaml'),
    (error: Error) => !error.message.includes('01234567'),
  )
})
