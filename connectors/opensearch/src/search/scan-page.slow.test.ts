import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { NotJson } from './json-bytes.ts'
import { guessLastSort } from './last-sort.ts'
import { Hits, metadataNames } from './scan-page.ts'

const page = (...hits: string[]): Buffer =>
  Buffer.from(
    `{"pit_id":"p","took":3,"timed_out":false,"_shards":{"total":1,"successful":1,"skipped":0,"failed":0},` +
      `"hits":{"total":{"value":2,"relation":"eq"},"max_score":null,"hits":[${hits.join(',')}]}}`,
  )

function scan(bytes: Buffer): Hits {
  const hits = new Hits()
  hits.scan(bytes)
  return hits
}

function sourceOf(hits: Hits, hit: number): string {
  return hits.bytes.toString('utf8', hits.sourceStart(hit), hits.sourceEnd(hit))
}

function metadataOf(hits: Hits, hit: number, name: (typeof metadataNames)[number]): string {
  const which = metadataNames.indexOf(name)
  return hits.bytes.toString('utf8', hits.metadataStart(hit, which), hits.metadataEnd(hit, which))
}

test('finds documents byte for byte, and what stands beside them', () => {
  const document = '{ "a" : 1.10,"b":"}\\"]é\\\\", "c":[{"sort":[1]}], "d":12345678901234567890.10 }'
  const hits = scan(
    page(
      `{"_index":"i","_id":"1\\"","_version":7,"_score":null,"_source":${document},"sort":[9223372036854775807,"x"]}`,
      `{"_index":"i","_id":"2","_score":1.5,"_source":{},"sort":[1]}`,
    ),
  )
  assert.equal(hits.count, 2)
  assert.equal(sourceOf(hits, 0), document)
  assert.equal(sourceOf(hits, 1), '{}')
  assert.equal(metadataOf(hits, 0, '_id'), '"1\\""')
  assert.equal(metadataOf(hits, 0, '_version'), '7')
  assert.equal(metadataOf(hits, 1, '_version'), '')
  assert.equal(metadataOf(hits, 1, '_score'), '1.5')
  assert.equal(hits.isUntidy(0), false)
  assert.deepEqual(hits.frame['_shards'], { total: 1, successful: 1, skipped: 0, failed: 0 })
  assert.deepEqual(hits.frame['hits'], { total: { value: 2, relation: 'eq' }, max_score: null, hits: {} })
})

test('sees line breaks and comments in a document, and none in its texts', () => {
  const untidy = ['{\n"a":1}', '{"a":1 /* } */}', '{"a":1, // }\n"b":2}', '{\t"a":1}']
  const tidy = ['{"a":"http://x /* y */"}', '{"a":"\\n"}', '{ "a": 1 }']
  const hits = scan(page(...[...untidy, ...tidy].map((source) => `{"_source":${source},"sort":[1]}`)))
  assert.equal(hits.count, untidy.length + tidy.length)
  for (const [place, source] of [...untidy, ...tidy].entries()) {
    assert.equal(sourceOf(hits, place), source)
    assert.equal(hits.isUntidy(place), place < untidy.length, source)
  }
})

test('knows a hit without document, a page without hits, and what was there before', () => {
  const hits = scan(page('{"_id":"1","_source":{"a":1},"sort":[1]}'))
  hits.scan(page('{"_id":"2","sort":[1]}'))
  assert.equal(hits.sourceStart(0), hits.sourceEnd(0))
  hits.scan(page())
  assert.equal(hits.count, 0)
})

test('finds what JSON.parse finds, whatever the documents hold', () => {
  fc.assert(
    fc.property(
      fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), { maxLength: 5 }),
      (documents) => {
        const hits = scan(
          page(...documents.map((source) => `{"_source":${JSON.stringify(source)},"sort":[1]}`)),
        )
        assert.equal(hits.count, documents.length)
        for (const [place, source] of documents.entries())
          assert.equal(sourceOf(hits, place), Buffer.from(JSON.stringify(source)).toString())
      },
    ),
  )
})

test('takes every page that was cut short for no answer', () => {
  const whole = page('{"_id":"1","_source":{"a":"b"},"sort":[1]}')
  for (let end = 0; end < whole.length; end++)
    assert.throws(
      () => scan(whole.subarray(0, end)),
      (error) => error instanceof NotJson || error instanceof SyntaxError,
      `cut at ${end}`,
    )
})

test('guesses the last sort values from the end of a page, and the scan says whether it was right', () => {
  const right = page('{"_source":{"sort":[3]},"sort":[1,"]"]}')
  const guess = guessLastSort(right)
  assert.equal(guess?.text.toString(), '[1,"]"]')
  assert.equal(scan(right).sortStart(0), guess.start)

  const wrong = page('{"sort":[1],"_source":{"sort":[3]}}')
  assert.notEqual(scan(wrong).sortStart(0), guessLastSort(wrong)?.start)
  assert.equal(guessLastSort(page()), undefined)
})
