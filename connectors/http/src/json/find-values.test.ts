import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DuplicateField, recordFinder } from './find-values.ts'
import { formatPointer, overlap, parsePointer } from './json-pointer.ts'

function find(json: string, places: string[]): { values: (string | undefined)[]; others: string[] } {
  const finder = recordFinder(places.map((place) => parsePointer(place) ?? assert.fail(place)))
  const bytes = Buffer.from(json)
  const others: string[] = []
  finder.find(bytes, (pointer, start, end) =>
    others.push(`${pointer()}=${bytes.subarray(start, end).toString()}`),
  )
  const values = places.map((_, index) => {
    const start = finder.starts[index]!
    return start < 0 ? undefined : bytes.subarray(start, finder.ends[index]).toString()
  })
  return { values, others }
}

test('finds values by place, and tells what lies elsewhere', () => {
  const json = '{"id":1,"a":{"b":"x,}","c":[1,{"d":2}]},"e":null,"f":[10,20],"g":{"h":true}}'
  assert.deepEqual(find(json, ['/id', '/a/b', '/e', '/f/1', '/missing', '/a/missing']), {
    values: ['1', '"x,}"', 'null', '20', undefined, undefined],
    others: ['/a/c=[1,{"d":2}]', '/f/0=10', '/g={"h":true}'],
  })
})

test('takes a whole object beside a value within it, and then nothing of it is elsewhere', () => {
  assert.deepEqual(find('{"a":{"b":1,"c":2}}', ['/a', '/a/b', '/a']), {
    values: ['{"b":1,"c":2}', '1', '{"b":1,"c":2}'],
    others: [],
  })
  assert.deepEqual(find('[1,2]', ['']), { values: ['[1,2]'], others: [] })
})

test('tells a value where an object was expected, unless it is null', () => {
  assert.deepEqual(find('{"a":5,"b":null}', ['/a/x', '/b/x']), {
    values: [undefined, undefined],
    others: ['/a=5'],
  })
  assert.deepEqual(find('7', ['/a']), { values: [undefined], others: ['=7'] })
})

test('reads names with escapes, and refuses a field that is there twice', () => {
  assert.deepEqual(find('{"\\u0061":1,"x/y":2,"q\\"":3}', ['/a', '/x~1y', '/q"']), {
    values: ['1', '2', '3'],
    others: [],
  })
  assert.throws(() => find('{"a":1,"\\u0061":2}', ['/a']), DuplicateField)
})

test('finds what JSON.parse finds, for any record', () => {
  const name = fc.constantFrom('a', 'b', 'c', '', '~', '/', '"', 'é', '__proto__')
  const record = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue({ maxDepth: 1 }),
      fc.dictionary(name, tie('value'), { noNullPrototype: true }),
    ),
  })).value
  fc.assert(
    fc.property(record, fc.array(name, { maxLength: 3 }), (value, path) => {
      const json = JSON.stringify(value)
      let expected: unknown = JSON.parse(json)
      for (const part of path)
        expected =
          typeof expected === 'object' &&
          expected !== null &&
          !Array.isArray(expected) &&
          Object.hasOwn(expected, part)
            ? (expected as Record<string, unknown>)[part]
            : undefined
      const [found] = find(json, [formatPointer(path)]).values
      assert.deepEqual(found === undefined ? undefined : JSON.parse(found), expected)
    }),
  )
})

test('reads pointers as RFC 6901 has them', () => {
  assert.deepEqual(parsePointer('/a~1b/m~0n/0'), ['a/b', 'm~n', '0'])
  assert.deepEqual(parsePointer('/'), [''])
  assert.equal(parsePointer('a'), undefined)
  assert.equal(parsePointer('/~2'), undefined)
  assert.ok(overlap(['a'], ['a', 'b']) && overlap([], ['x']) && !overlap(['a'], ['b']))
})
