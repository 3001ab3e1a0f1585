import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteBuffer } from '../byte-buffer.ts'
import { AnswerTooLarge, NotHttp } from './failures.ts'
import { ResponseReader } from './response-reader.ts'

/** Feeds an answer in pieces, each from memory that is overwritten afterwards, as a connection does. */
function read(answer: string, pieceBytes: number, mostBytes = 1000) {
  const into = new ByteBuffer(64)
  const reader = new ResponseReader(into, mostBytes)
  const bytes = Buffer.from(answer, 'latin1')
  const shared = Buffer.alloc(pieceBytes)
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const length = bytes.copy(shared, 0, at, at + pieceBytes)
    reader.feed(shared, length)
    shared.fill(0)
  }
  return { reader, content: () => into.view().toString('latin1') }
}

const answers = {
  'with a length': 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello',
  'in chunks':
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\nx: y\r\n\r\n',
  'behind a word before it':
    'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello',
  'without reason': 'HTTP/1.1 200 \r\ncontent-length:5\r\n\r\nhello',
}

for (const [title, answer] of Object.entries(answers))
  test(`reads an answer ${title}, however it is torn apart`, () => {
    for (let pieceBytes = 1; pieceBytes <= answer.length; pieceBytes++) {
      const { reader, content } = read(answer, pieceBytes)
      assert.equal(reader.status, 200)
      assert.ok(reader.isDone, `in pieces of ${pieceBytes}`)
      assert.ok(reader.staysOpen)
      assert.equal(content(), 'hello')
    }
  })

test('reads an answer that ends with the connection', () => {
  const { reader, content } = read('HTTP/1.1 200 OK\r\n\r\nhello', 3)
  assert.equal(reader.isDone, false)
  assert.equal(reader.end(), true)
  assert.equal(reader.staysOpen, false)
  assert.equal(content(), 'hello')
})

test('takes an answer that is cut off for no answer', () => {
  for (const answer of ['HTTP/1.1 200 OK\r\ncontent-le', answers['with a length'].slice(0, -1)])
    assert.equal(read(answer, 7).reader.end(), false)
  assert.equal(read(answers['in chunks'].slice(0, -2), 7).reader.end(), false)
})

test('knows an empty answer, and one after which the connection ends', () => {
  assert.ok(read('HTTP/1.1 204 No Content\r\n\r\n', 5).reader.isDone)
  assert.ok(read('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', 5).reader.isDone)
  const closing = 'HTTP/1.1 200 OK\r\nConnection: Close\r\ncontent-length: 0\r\n\r\n'
  assert.equal(read(closing, 5).reader.staysOpen, false)
})

test('refuses a content that is too large, before it is read where its length is said', () => {
  const announced = 'HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n'
  assert.throws(
    () => read(announced, 100),
    (error) => error instanceof AnswerTooLarge && error.bytes === 1001,
  )
  const chunked = `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3e9\r\n${'x'.repeat(1001)}`
  assert.throws(() => read(chunked, 100), AnswerTooLarge)
})

const wrong = {
  'another protocol': 'SSH-2.0-OpenSSH\r\n',
  'a head without end': `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(20_000)}`,
  'a header without name': 'HTTP/1.1 200 OK\r\n: x\r\n\r\n',
  'a folded header': 'HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n',
  'a length that is none': 'HTTP/1.1 200 OK\r\ncontent-length: 5x\r\n\r\n',
  'two lengths': 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n',
  'length and chunks': 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n',
  'an unknown coding': 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n',
  'a chunk without size': 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n',
  'a chunk that is longer': 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab\r\n',
  'a second answer': `${answers['with a length']}HTTP/1.1 200 OK\r\n\r\n`,
}

for (const [title, answer] of Object.entries(wrong))
  test(`takes ${title} for no answer of HTTP`, () => {
    for (const pieceBytes of [1, 16, 1 << 18]) assert.throws(() => read(answer, pieceBytes), NotHttp)
  })
