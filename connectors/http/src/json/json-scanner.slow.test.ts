import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compactJson } from './compact-json.ts'
import { parsePointer, type Pointer } from './json-pointer.ts'
import { JsonFault, JsonScanner } from './json-scanner.ts'

function place(text: string): Pointer {
  return parsePointer(text) ?? assert.fail(`${text} is no pointer`)
}

interface Scanned {
  readonly records: string[]
  readonly captured: (string | undefined)[]
  readonly found: boolean
}

/** Scans a text in chunks of the given sizes, again and again. */
function scan(
  text: string | Uint8Array,
  {
    records = '',
    captures = [],
    sizes = [7],
    max = 1_000_000,
  }: { records?: string | undefined; captures?: string[]; sizes?: number[]; max?: number } = {},
  isSequence = false,
): Scanned {
  const bytes = Buffer.from(text)
  const scanner = new JsonScanner({
    records: isSequence ? undefined : place(records),
    captures: captures.map(place),
    maxRecordBytes: max,
  })
  const found: string[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length]!)
    // A copy that is overwritten at once: nothing may point into an earlier chunk.
    const chunk = Buffer.from(bytes.subarray(at, at + size))
    for (const record of scanner.scan(chunk)) found.push(Buffer.from(record).toString('utf8'))
    chunk.fill(0x21)
    at += size
  }
  const last = scanner.end()
  if (last !== undefined) found.push(Buffer.from(last).toString('utf8'))
  return {
    records: found,
    captured: captures.map((_, index) => scanner.captured(index)),
    found: scanner.found,
  }
}

function reasonOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof JsonFault, String(error))
    return error.reason
  }
  return 'none'
}

const anyJson = fc.jsonValue({ maxDepth: 4, noUnicodeString: false })

/** Tiny ones, which tear everything, and large ones, in which records lie whole. */
const chunkSizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 10_000 })), {
  minLength: 1,
  maxLength: 5,
})

test('cuts out the records of any document, however it is torn into chunks', () => {
  fc.assert(
    fc.property(
      fc.array(anyJson, { maxLength: 8 }),
      anyJson,
      chunkSizes,
      fc.constantFrom(0, 1, '\t\r\n'),
      (items, other, sizes, indent) => {
        const text = JSON.stringify(
          { before: other, data: { 'a/b': [other], items }, next: other },
          undefined,
          indent,
        )
        const scanned = scan(text, { records: '/data/items', captures: ['/next'], sizes })
        assert.deepEqual(
          scanned.records.map((record) => JSON.parse(record) as unknown),
          JSON.parse(JSON.stringify(items)),
        )
        assert.deepEqual(JSON.parse(scanned.captured[0]!), JSON.parse(JSON.stringify(other)))
        for (const record of scanned.records)
          assert.equal(
            Buffer.from(compactJson(Buffer.from(record))).toString(),
            JSON.stringify(JSON.parse(record)),
          )
      },
    ),
  )
})

test('agrees with JSON.parse about what is JSON, over damaged documents', () => {
  fc.assert(
    fc.property(
      anyJson,
      fc.nat(),
      fc.constantFrom(
        '',
        '"',
        '\\',
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '0',
        '-',
        'e',
        '.',
        'n',
        'u',
        '\u0001',
        ' ',
        '\u00a0',
      ),
      fc.boolean(),
      chunkSizes,
      (value, seed, char, replaces, sizes) => {
        const text = JSON.stringify([value])
        const at = seed % text.length
        const damaged = text.slice(0, at) + char + text.slice(replaces ? at + 1 : at)
        let isJson = true
        try {
          isJson = Array.isArray(JSON.parse(damaged))
        } catch {
          isJson = false
        }
        assert.equal(reasonOf(() => scan(damaged, { sizes })) === 'none', isJson, damaged)
      },
    ),
    { numRuns: 3000 },
  )
})

test('keeps every number as it is written', () => {
  const numbers = ['9007199254740993', '1.10', '-0', '0.1e-400', '123456789012345678901234567890.5', '1E+2']
  assert.deepEqual(scan(`[${numbers.join(' , ')}]`).records, numbers)
})

test('refuses what is almost a number, a text or a word', () => {
  for (const wrong of [
    '01',
    '1.',
    '.5',
    '-',
    '+1',
    '1e',
    '1e+',
    '0x1',
    'tru',
    'nul',
    'NaN',
    '"\t"',
    '"\\x"',
    '"\\u12g4"',
    "'a'",
    '[1,]',
    '{"a":1,}',
    '{a:1}',
    '{"a" 1}',
    '[1 2]',
    '[',
    ']',
    '{]',
  ])
    assert.notEqual(
      reasonOf(() => scan(`[${wrong}]`)),
      'none',
      wrong,
    )
  assert.equal(
    reasonOf(() => scan('[1] 2')),
    'syntax',
  )
})

test('says that a document ends too early, wherever it is cut', () => {
  const text = '{"data":[{"a":"x\\u00e9"},{"b":[1.5,true]}],"next":"abc"}'
  for (let end = 0; end < text.length; end++)
    assert.equal(
      reasonOf(() => scan(text.slice(0, end), { records: '/data' })),
      'truncated',
      text.slice(0, end),
    )
})

test('finds places by escaped names and numbers of elements, and only there', () => {
  const text =
    '{"a":[{"list":[1]},{"list":[2,3]}],"b":{"a":[{"list":[9]}]},"x/y":{"~":"here"},"\\u006eext":5}'
  const { records, captured } = scan(text, {
    records: '/a/1/list',
    captures: ['/x~1y/~0', '/next', '/missing', '/b/a/0/list'],
  })
  assert.deepEqual(records, ['2', '3'])
  assert.deepEqual(captured, ['"here"', '5', undefined, '[9]'])
})

test('tells a missing list from an empty one, and takes null for an empty one', () => {
  assert.equal(scan('{"a":1}', { records: '/data' }).found, false)
  assert.equal(scan('{"data":[]}', { records: '/data' }).found, true)
  assert.deepEqual(scan('{"data":null}', { records: '/data' }), { records: [], captured: [], found: true })
  assert.equal(
    reasonOf(() => scan('{"data":{"x":1}}', { records: '/data' })),
    'not-a-list',
  )
  assert.equal(
    reasonOf(() => scan('{"data":[1],"data":[2]}', { records: '/data' })),
    'syntax',
  )
})

test('reads a sequence of values, with and without a line end at the last one', () => {
  assert.deepEqual(scan('{"a":1}\n\n[2]\r\n"x"\n3', {}, true).records, ['{"a":1}', '[2]', '"x"', '3'])
  assert.deepEqual(scan('', {}, true).records, [])
  assert.equal(
    reasonOf(() => scan('{"a":1}\n{"a":', {}, true)),
    'truncated',
  )
})

test('bounds records, values to keep, names and depth', () => {
  const long = 'x'.repeat(200_000)
  assert.equal(
    reasonOf(() => scan(`["${long}"]`, { max: 1000, sizes: [64] })),
    'record-too-large',
  )
  assert.equal(
    reasonOf(() => scan(`["${long}"]`, { max: 1000, sizes: [1_000_000] })),
    'record-too-large',
  )
  assert.equal(
    reasonOf(() =>
      scan(`{"data":[],"next":"${long}"}`, { records: '/data', captures: ['/next'], sizes: [64] }),
    ),
    'value-too-large',
  )
  assert.equal(
    reasonOf(() => scan(`{"${long}":1,"data":[]}`, { records: '/data', sizes: [64] })),
    'value-too-large',
  )
  assert.equal(
    reasonOf(() => scan('['.repeat(600))),
    'too-deep',
  )
})
