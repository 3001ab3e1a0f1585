import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readEventStream, type StreamEvent } from './event-stream.ts'

async function read(...parts: readonly (string | Uint8Array)[]): Promise<StreamEvent[]> {
  const bytes = parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))
  return Array.fromAsync(readEventStream(ReadableStream.from(bytes)))
}

const frame = (data: string, id?: string, event = 'message'): StreamEvent => ({ id, event, data })

test('reads events with id, name and data, and leaves comments out', async () => {
  assert.deepEqual(
    await read('retry: 10\n\n: hello\n\nid: 7\nevent: history\ndata: {"a":1}\n\ndata:x\ndata: y\n\n'),
    [frame('{"a":1}', '7', 'history'), frame('x\ny')],
  )
})

test('it does not matter where the parts end', async () => {
  const text = 'id: 1\r\nevent: e\r\ndata: Ü€😀\r\n\r\ndata: b\r\n\r\n'
  const whole = await read(text)
  assert.deepEqual(whole, [frame('Ü€😀', '1', 'e'), frame('b')])
  const bytes = Buffer.from(text)
  for (let at = 1; at < bytes.length; at++)
    assert.deepEqual(await read(bytes.subarray(0, at), bytes.subarray(at)), whole, `cut at ${at}`)
})

test('what is not ended by an empty line is no event', async () => {
  assert.deepEqual(await read('data: a\n\ndata: b\n'), [frame('a')])
})
