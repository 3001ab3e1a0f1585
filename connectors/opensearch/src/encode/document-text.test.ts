import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteBuffer } from '../byte-buffer.ts'
import { DocumentFilter } from './filter-document.ts'
import { tidyDocument } from './tidy-document.ts'

function tidied(document: string): string {
  const out = new ByteBuffer(64)
  const bytes = Buffer.from(document)
  tidyDocument(bytes, 0, bytes.length, out)
  return out.view().toString()
}

function filtered(document: string, include: readonly string[] | undefined, exclude: readonly string[] = []) {
  const out = new ByteBuffer(64)
  new DocumentFilter(include, exclude).apply(Buffer.from(document), 0, out)
  return out.view().toString()
}

test('makes one line of a document and leaves its values alone', () => {
  assert.equal(
    tidied('{\r\n\t"a": "/* no */ // no",\n "b": 1.10 }'),
    '{   "a": "/* no */ // no",  "b": 1.10 }',
  )
  assert.equal(tidied('{"a":1/* " */,//"x":2\n"b":[1,//\n2]}'), '{"a":1 ,  "b":[1,  2]}')
})

const document =
  '{"a":1.10,"b":{"c":[1,2],"d":{"e":null}},"f":[{"g":1,"h":2},{"h":3},4],"i.j":{"k":5},"l":"é\\u00e9"}'

test('keeps what is included, with all below it', () => {
  assert.equal(filtered(document, ['a', 'l']), '{"a":1.10,"l":"é\\u00e9"}')
  assert.equal(filtered(document, ['b.c']), '{"b":{"c":[1,2]}}')
  assert.equal(filtered(document, ['b']), '{"b":{"c":[1,2],"d":{"e":null}}}')
  assert.equal(filtered(document, ['f.h']), '{"f":[{"h":2},{"h":3}]}')
  assert.equal(filtered(document, ['nobody', 'a.x']), '{}')
})

test('leaves out what is excluded, also of what is included', () => {
  assert.equal(filtered('{"a":1,"b":{"c":2,"d":3}}', undefined, ['b.c']), '{"a":1,"b":{"d":3}}')
  assert.equal(filtered('{"a":1,"b":{"c":2,"d":3}}', ['b'], ['b.c']), '{"b":{"d":3}}')
  assert.equal(
    filtered('{"a":1,"b":[{"c":2},{"c":3,"d":4}]}', undefined, ['b.c']),
    '{"a":1,"b":[{},{"d":4}]}',
  )
  assert.equal(filtered('{"a":1}', undefined, ['a']), '{}')
})

test('knows paths that a document writes with dots, and keys with escapes', () => {
  assert.equal(filtered(document, ['i']), '{"i.j":{"k":5}}')
  assert.equal(filtered(document, ['i.j.k']), '{"i.j":{"k":5}}')
  assert.equal(filtered('{"i.j":{"k":5},"m":1}', undefined, ['i.j']), '{"m":1}')
  assert.equal(filtered('{"\\u0061":1,"b":2}', ['a']), '{"\\u0061":1}')
})
