import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { writerStage } from './byte-stage.ts'
import { compressInto, type Compression } from './compress.ts'
import { memoryWriter } from './testing/memory-writer.ts'

const unpack = { none: (bytes: Buffer) => bytes, gzip: gunzipSync, zstd: zstdDecompressSync } as const

/** Text that compresses about as well as a real result. */
function sample(bytes: number): Buffer {
  const lines: string[] = []
  for (let index = 0, length = 0; length < bytes; index++) {
    const line = `${index},${(index * 7919) % 1000},customer ${index % 97}\n`
    lines.push(line)
    length += line.length
  }
  return Buffer.from(lines.join('')).subarray(0, bytes)
}

/** Bytes that cannot be compressed, and are never the same: what goes in must come out. */
function random(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(65_536))
}

for (const compression of ['none', 'gzip', 'zstd'] as const) {
  test(`${compression} gives back what went in, in pieces of any size`, async () => {
    for (const [total, piece] of [
      [0, 1],
      [1, 1],
      [100_000, 777],
      [3_000_000, 262_144],
      [3_000_000, 2_000_000],
    ] as const) {
      const data = sample(total)
      const writer = memoryWriter()
      const stage = compressInto(writerStage(writer), compression)
      for (let from = 0; from < total; from += piece) await stage.write(data.subarray(from, from + piece))
      await stage.end()
      assert.deepEqual(unpack[compression](writer.content()), data)
    }
  })

  test(`${compression} lets the caller use its buffer again`, async () => {
    const writer = memoryWriter()
    const stage = compressInto(writerStage(writer), compression)
    const buffer = Buffer.alloc(200_000)
    const expected: Buffer[] = []
    for (let index = 0; index < 20; index++) {
      buffer.fill(index)
      expected.push(Buffer.from(buffer))
      await stage.write(buffer)
    }
    await stage.end()
    assert.deepEqual(unpack[compression](writer.content()), Buffer.concat(expected))
  })
}

for (const compression of ['gzip', 'zstd'] as const) {
  test(`${compression} waits for a slow store, and holds little meanwhile`, async () => {
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => (release = resolve))
    const writer = memoryWriter(() => gate)
    const stage = compressInto(writerStage(writer), compression)
    let taken = 0
    const writing = (async () => {
      for (; taken < 200; taken++) await stage.write(random())
    })()
    for (let index = 0; index < 200; index++) await turn()
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.ok(taken <= 32, `${taken} pieces were taken`)
    release()
    await writing
    await stage.end()
    assert.equal(unpack[compression](writer.content()).length, 200 * 65_536)
  })

  test(`${compression} tells the failure of the store to whoever writes or ends`, async () => {
    const writer = memoryWriter(async () => {
      throw new Error('no room left')
    })
    const stage = compressInto(writerStage(writer), compression)
    await assert.rejects(
      async () => {
        for (let index = 0; index < 100; index++) await stage.write(random())
        await stage.end()
      },
      { message: 'no room left' },
    )
    stage.abort()
  })

  test(`${compression} can be given up at any time`, async () => {
    const stage = compressInto(writerStage(memoryWriter(() => new Promise(() => {}))), compression)
    await stage.write(sample(100_000))
    stage.abort()
    stage.abort()
  })
}

test('refuses a level that the compression does not have', () => {
  const next = writerStage(memoryWriter())
  const cases: [Compression, number][] = [
    ['gzip', 10],
    ['zstd', 20],
    ['zstd', 0],
    ['gzip', 1.5],
  ]
  for (const [compression, level] of cases) {
    assert.throws(() => compressInto(next, compression, level), { code: 'output-unsupported' })
  }
})

test('writes one gzip member and one zstd frame, whatever the size', async () => {
  const data = sample(2_000_000)
  for (const compression of ['gzip', 'zstd'] as const) {
    const writer = memoryWriter()
    const stage = compressInto(writerStage(writer), compression)
    for (let from = 0; from < data.length; from += 100_000)
      await stage.write(data.subarray(from, from + 100_000))
    await stage.end()
    // These readers stop after the first member or frame.
    const reader =
      compression === 'gzip'
        ? gunzipSync(writer.content(), { maxOutputLength: 2 ** 24 })
        : zstdDecompressSync(writer.content())
    assert.equal(reader.length, data.length)
  }
})
