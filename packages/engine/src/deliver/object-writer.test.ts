import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { NewObject, Store, Upload } from '@bulkhead/connector-sdk'
import { splitManifest, writeManifest } from './manifest.ts'
import { openObjectWriter } from './object-writer.ts'

/**
 * A store whose every step the test decides: real stores are slow at their own moments only. Whole
 * objects are in `objects`, and what `abort` left in `open`.
 */
class PacedStore implements Store {
  readonly objects = new Map<string, Uint8Array>()
  open = 0
  /** Buffers that were ever handed over: how much memory the writer really has. */
  readonly buffers = new Set<ArrayBufferLike>()
  underWay = 0
  mostUnderWay = 0
  fail: ((part: number) => Error | undefined) | undefined
  /** Parts wait here until the test lets them go; undefined: they are quick. */
  gate: Promise<void> | undefined
  /** Called when an object has become visible, and nobody knows it yet. */
  completed: (() => void) | undefined
  readonly partBytes: number
  readonly inFlight: number

  constructor(partBytes: number, inFlight: number) {
    this.partBytes = partBytes
    this.inFlight = inFlight
  }

  async create(object: NewObject): Promise<Upload> {
    this.open++
    const parts = new Map<number, Uint8Array>()
    let over = false
    return {
      partBytes: this.partBytes,
      inFlight: this.inFlight,
      writePart: async (number, bytes, signal) => {
        this.buffers.add(bytes.buffer)
        this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay)
        try {
          await this.gate
          await new Promise((resolve) => setImmediate(resolve))
          signal.throwIfAborted()
          const failure = this.fail?.(number)
          if (failure !== undefined) throw failure
          parts.set(number, bytes.slice())
        } finally {
          this.underWay--
        }
      },
      complete: async () => {
        const sorted = [...parts.entries()].toSorted(([a], [b]) => a - b).map(([, bytes]) => bytes)
        assert.ok(sorted.slice(0, -1).every(({ length }) => length === this.partBytes))
        const bytes = Buffer.concat(sorted)
        this.objects.set(object.key, bytes)
        over = true
        this.open--
        this.completed?.()
        return { key: object.key, location: `memory:${object.key}`, bytes: bytes.length }
      },
      abort: async () => {
        assert.equal(this.underWay, 0, 'no part is under way any more')
        if (!over) this.open--
        over = true
      },
    }
  }

  check = async (): Promise<string> => 'fine'
  link = async (): Promise<never> => assert.fail('no links')
  remove = async ({ key }: { readonly key: string }): Promise<void> => void this.objects.delete(key)
  sweep = async (): Promise<never> => assert.fail('nothing is swept')
  createIfAbsent = async (): Promise<never> => assert.fail('nothing is remembered')
  readStart = async (): Promise<never> => assert.fail('nothing is read')
  async [Symbol.asyncDispose](): Promise<void> {}
}

const { signal } = new AbortController()
const object: NewObject = { key: 'run/a.csv', contentType: 'text/csv', maxBytes: undefined }
const KIB = 1024

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 255)
}

for (const length of [0, 1, 4 * KIB - 1, 4 * KIB, 4 * KIB + 1, 64 * KIB, 100_001]) {
  test(`delivers ${length} bytes as they came, in parts of one size, with their checksum`, async () => {
    const store = new PacedStore(4 * KIB, 3)
    const bytes = pattern(length)
    await using writer = await openObjectWriter(store, object, signal)
    for (let start = 0; start < length;) {
      const piece = bytes.slice(start, (start += 777))
      await writer.write(piece)
      piece.fill(0) // it belongs to the caller again
    }
    const delivered = await writer.finish()
    assert.equal(delivered.bytes, length)
    assert.equal(delivered.sha256, createHash('sha256').update(bytes).digest('hex'))
    assert.equal(delivered.stored.bytes, length)
    assert.deepEqual(Buffer.from(store.objects.get('run/a.csv') ?? []), Buffer.from(bytes))
  })
}

test('holds at most a part more than are under way, in buffers that it uses again', async () => {
  const store = new PacedStore(4 * KIB, 3)
  await using writer = await openObjectWriter(store, object, signal)
  await writer.write(pattern(200 * KIB))
  await writer.finish()
  assert.equal(store.mostUnderWay, 3)
  assert.ok(store.buffers.size <= 4, `${store.buffers.size} buffers`)
})

test('waits when the store does', async () => {
  const store = new PacedStore(4 * KIB, 2)
  const { promise, resolve } = Promise.withResolvers<void>()
  store.gate = promise
  await using writer = await openObjectWriter(store, object, signal)
  await writer.write(pattern(11 * KIB)) // two under way, one nearly full
  let isTaken = false
  const waiting = writer.write(pattern(2 * KIB)).then(() => (isTaken = true))
  await new Promise((next) => setTimeout(next, 10))
  assert.ok(!isTaken)
  assert.equal(store.underWay, 2)
  store.gate = undefined
  resolve()
  await waiting
  assert.equal((await writer.finish()).bytes, 13 * KIB)
})

test('takes little memory for a small object in large parts', async () => {
  const store = new PacedStore(8 * KIB * KIB, 3)
  await using writer = await openObjectWriter(store, object, signal)
  await writer.write(pattern(1000))
  await writer.finish()
  assert.ok([...store.buffers].every(({ byteLength }) => byteLength <= 64 * KIB))
})

test('refuses a result that is too large before it is sent', async () => {
  const store = new PacedStore(4 * KIB, 3)
  {
    await using writer = await openObjectWriter(store, { ...object, maxBytes: 10 * KIB }, signal)
    await writer.write(pattern(10 * KIB))
    await assert.rejects(writer.write(pattern(1)), { code: 'result-too-large', kind: 'policy' })
  }
  assert.equal(store.open, 0)
  assert.equal(store.objects.size, 0)
})

test('takes exactly as much as is allowed', async () => {
  const store = new PacedStore(4 * KIB, 3)
  await using writer = await openObjectWriter(store, { ...object, maxBytes: 10 * KIB }, signal)
  await writer.write(pattern(10 * KIB))
  assert.equal((await writer.finish()).bytes, 10 * KIB)
})

test('fails with what the store said, and leaves nothing behind', async () => {
  const store = new PacedStore(4 * KIB, 3)
  store.fail = (part) => (part === 2 ? new Error('the store is full') : undefined)
  {
    await using writer = await openObjectWriter(store, object, signal)
    await assert.rejects(
      async () => {
        for (;;) await writer.write(pattern(4 * KIB))
      },
      { message: 'the store is full' },
    )
    await assert.rejects(writer.finish(), { message: 'the store is full' })
  }
  assert.equal(store.open, 0)
  assert.equal(store.objects.size, 0)
})

test('fails at the end when only the last part fails', async () => {
  const store = new PacedStore(4 * KIB, 3)
  store.fail = () => new Error('the store is full')
  await using writer = await openObjectWriter(store, object, signal)
  await writer.write(pattern(100))
  await assert.rejects(writer.finish(), { message: 'the store is full' })
})

test('stops when the signal does, with its reason, and leaves nothing behind', async () => {
  const store = new PacedStore(4 * KIB, 1)
  const stop = new AbortController()
  const { promise, resolve } = Promise.withResolvers<void>()
  store.gate = promise
  {
    await using writer = await openObjectWriter(store, object, stop.signal)
    const write = writer.write(pattern(40 * KIB))
    stop.abort(new Error('stopped by the user'))
    resolve()
    await assert.rejects(write, { message: 'stopped by the user' })
  }
  assert.equal(store.open, 0)
})

test('is aborted at any time and twice, and never after it finished', async () => {
  const store = new PacedStore(4 * KIB, 3)
  const writer = await openObjectWriter(store, object, signal)
  await writer.write(pattern(40 * KIB))
  await Promise.all([writer.abort(), writer.abort()])
  assert.equal(store.open, 0)
  await assert.rejects(writer.write(pattern(1)), { message: 'The object is aborted already' })
  const finished = await openObjectWriter(store, object, signal)
  await finished.finish()
  await finished.abort()
  assert.equal(store.objects.size, 1)
})

test('removes an object that became visible when the run was stopped or the writer aborted', async () => {
  for (const how of ['signal', 'abort'] as const) {
    const store = new PacedStore(4 * KIB, 1)
    const stop = new AbortController()
    const writer = await openObjectWriter(store, object, stop.signal)
    await writer.write(pattern(10))
    let aborting: Promise<void> | undefined
    store.completed = () => {
      if (how === 'signal') stop.abort(new Error('stopped by the user'))
      else aborting = writer.abort()
    }
    await assert.rejects(writer.finish())
    await (aborting ?? writer.abort())
    assert.deepEqual([...store.objects.keys()], [], how)
  }
})

test('refuses two writers at once, whose bytes would mix', async () => {
  const store = new PacedStore(4 * KIB, 1)
  await using writer = await openObjectWriter(store, object, signal)
  const first = writer.write(pattern(20 * KIB))
  await assert.rejects(writer.write(pattern(1)), /two at once/)
  await first
})

test('lists the files of a split result in a manifest', async () => {
  const store = new PacedStore(4 * KIB, 1)
  const files = [
    { name: 'a-00001.csv', rows: 2, bytes: 10, sha256: 'aa' },
    { name: 'a-00002.csv', rows: 1, bytes: 5, sha256: 'bb' },
  ]
  const fields = [
    { name: 'id', type: { kind: 'integer', bits: 64 }, nullable: false },
    { name: 'total', type: { kind: 'decimal', precision: 12, scale: 2 }, nullable: true },
    { name: 'at', type: { kind: 'timestamp', zoned: true }, nullable: true },
  ] as const
  const written = await writeManifest(store, { folder: 'run', fileName: 'a.csv', files, fields }, signal)
  assert.equal(written.name, 'a.manifest.json')
  const text = new TextDecoder().decode(store.objects.get('run/a.manifest.json'))
  assert.deepEqual(JSON.parse(text), {
    version: 1,
    rows: 3,
    bytes: 15,
    columns: [
      { name: 'id', type: 'integer64', nullable: false },
      { name: 'total', type: 'decimal(12,2)', nullable: true },
      { name: 'at', type: 'timestamp with zone', nullable: true },
    ],
    files,
  })
  assert.equal(splitManifest([{ name: 'x', rows: null, bytes: 1, sha256: '' }], []).rows, null)
})
