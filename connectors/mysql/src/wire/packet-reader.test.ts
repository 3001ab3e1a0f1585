import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { packets } from './client-packets.ts'
import { PacketReader } from './packet-reader.ts'

/** A reader that keeps what it gets, and stops in front of every payload that `room` refuses. */
function collect(maxBytes: number, room: () => boolean = () => true) {
  const payloads: Buffer[] = []
  const tooLong: number[] = []
  const reader = new PacketReader(
    {
      payload(bytes, start, end) {
        if (!room()) return false
        payloads.push(Buffer.from(bytes.subarray(start, end)))
        return true
      },
      tooLong: (bytes) => void tooLong.push(bytes),
    },
    maxBytes,
  )
  return { reader, payloads, tooLong }
}

describe('the reader of packets', () => {
  it('finds the same payloads however the stream is cut, and wherever the reader stops', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }),
        fc.array(fc.boolean(), { minLength: 1 }),
        (expected, cuts, stops) => {
          let asked = 0
          const { reader, payloads } = collect(1000, () => stops[asked++ % stops.length] !== false)
          const stream = Buffer.concat(expected.map((payload) => packets(Buffer.from(payload), 0)))
          for (let at = 0, index = 0; at < stream.length; index += 1) {
            const size = cuts[index % cuts.length] ?? 1
            let going = reader.feed(stream.subarray(at, at + size))
            for (let tries = 0; !going && tries < 10_000; tries += 1) going = reader.resume()
            at += size
          }
          if (stops.some(Boolean))
            assert.deepEqual(
              payloads,
              expected.map((payload) => Buffer.from(payload)),
            )
        },
      ),
      { numRuns: 200 },
    )
  })
  it('joins payloads that are longer than a packet can be, also those that end with a full one', () => {
    for (const length of [0xff_ff_fe, 0xff_ff_ff, 0x1_00_00_00, 2 * 0xff_ff_ff]) {
      const payload = Buffer.alloc(length, 'abc')
      const stream = Buffer.concat([packets(payload, 0), packets(Buffer.from('next'), 0)])
      const { reader, payloads } = collect(64 * 1024 * 1024)
      for (let at = 0; at < stream.length; at += 1_000_003) reader.feed(stream.subarray(at, at + 1_000_003))
      assert.equal(payloads.length, 2)
      assert.ok(payloads[0]?.equals(payload))
      assert.equal(payloads[1]?.toString(), 'next')
    }
  })
  it('refuses a payload beyond its limit before it is in memory, and reads nothing after it', () => {
    for (const cut of [5, 10_000]) {
      const { reader, payloads, tooLong } = collect(100)
      const stream = Buffer.concat([packets(Buffer.alloc(101), 0), packets(Buffer.from('next'), 0)])
      for (let at = 0; at < stream.length; at += cut) reader.feed(stream.subarray(at, at + cut))
      assert.deepEqual([payloads.length, tooLong], [0, [101]])
    }
  })
})
