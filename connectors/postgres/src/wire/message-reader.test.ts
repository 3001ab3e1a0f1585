import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { MessageReader } from './message-reader.ts'

const message = (type: string, body: Uint8Array): Buffer => {
  const head = Buffer.alloc(5)
  head.write(type, 'latin1')
  head.writeUInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

interface Seen {
  readonly type: string
  readonly body: string
}

/** A handler that has no room at every call of CopyData that `stops` names. */
function collector(stops: ReadonlySet<number> = new Set()) {
  const seen: Seen[] = []
  const tooLong: number[] = []
  let calls = 0
  return {
    seen,
    tooLong,
    handler: {
      message: (type: number, body: Buffer) =>
        void seen.push({ type: String.fromCharCode(type), body: body.toString('latin1') }),
      copyData: (bytes: Buffer, start: number, end: number) => {
        calls += 1
        if (stops.has(calls)) return false
        seen.push({ type: 'd', body: bytes.toString('latin1', start, end) })
        return true
      },
      tooLong: (_type: number, bytes: number) => void tooLong.push(bytes),
    },
  }
}

describe('MessageReader', () => {
  const messages = fc.array(
    fc.record({ type: fc.constantFrom('d', 'd', 'd', 'Z', 'C'), body: fc.uint8Array({ maxLength: 300 }) }),
    { maxLength: 30 },
  )

  it('gives the same messages however the bytes are cut, and wherever the handler stops', () => {
    fc.assert(
      fc.property(
        messages,
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }),
        fc.array(fc.integer({ min: 1, max: 40 })),
        (sent, cuts, stops) => {
          const { seen, handler } = collector(new Set(stops))
          const reader = new MessageReader(handler, 1_000_000)
          const bytes = Buffer.concat(sent.map(({ type, body }) => message(type, body)))
          for (let at = 0, cut = 0; at < bytes.length; cut += 1) {
            const end = at + (cuts[cut % cuts.length] ?? 1)
            // The socket uses its buffer again, as soon as it may.
            const chunk = Buffer.from(bytes.subarray(at, end))
            let free = reader.feed(chunk)
            while (!free) free = reader.resume()
            chunk.fill(0xee)
            at = end
          }
          assert.deepEqual(
            seen,
            sent.map(({ type, body }) => ({ type, body: Buffer.from(body).toString('latin1') })),
          )
        },
      ),
    )
  })

  it('puts a message of many chunks together', () => {
    const { seen, handler } = collector()
    const reader = new MessageReader(handler, 10_000_000)
    const bytes = message('d', Buffer.alloc(3_000_000, 'x'))
    for (let at = 0; at < bytes.length; at += 65_536) reader.feed(bytes.subarray(at, at + 65_536))
    reader.feed(message('Z', Buffer.from('I')))
    assert.deepEqual(
      seen.map(({ type, body }) => [type, body.length]),
      [
        ['d', 3_000_000],
        ['Z', 1],
      ],
    )
  })

  it('refuses a row that is longer than the limit, also when it arrives at once', () => {
    const { seen, tooLong, handler } = collector()
    const reader = new MessageReader(handler, 10)
    reader.feed(
      Buffer.concat([
        message('d', Buffer.alloc(10)),
        message('d', Buffer.alloc(11)),
        message('Z', Buffer.alloc(11)),
      ]),
    )
    assert.deepEqual(
      seen.map(({ type }) => type),
      ['d', 'Z'],
    )
    assert.deepEqual(tooLong, [11])
  })

  it('stops at a message that is longer than the limit, before it takes memory for it', () => {
    const { seen, tooLong, handler } = collector()
    const reader = new MessageReader(handler, 100_000)
    const head = message('d', Buffer.alloc(0))
    head.writeUInt32BE(0xffff_fff0, 1)
    reader.feed(head)
    reader.feed(Buffer.alloc(200_000))
    assert.deepEqual(seen, [])
    assert.ok(tooLong.length > 0)
  })
})
