import assert from 'node:assert/strict'
import type { SmallObject, StoredObject, Upload } from '../store.ts'
import { STOP_MS, within } from './expect.ts'
import { type AnyStore, bytesOf, digest, listing, type OpenedStore, withStore } from './store-writing.ts'
import type { Check } from './subject.ts'

/** Most bytes that the parts in flight of one upload may hold together (I8). */
const IN_FLIGHT_BYTES = 64 * 1024 * 1024

/** Checks of the store role. */
export const storeChecks: readonly Check<AnyStore>[] = [
  {
    title: 'answers a check with one line, and leaves nothing behind',
    run: (subject) =>
      withStore(subject, async ({ store, signal }) => {
        const before = await listing(subject)
        assert.match(await store.check(signal), /^[^\n]+$/)
        assert.deepEqual(await listing(subject), before)
      }),
  },
  {
    title: 'bounds the parts in flight, to one when it cannot write in parallel',
    run: (subject) =>
      withUpload(subject, (upload) => {
        assert.ok(upload.partBytes > 0 && upload.inFlight >= 1)
        const inFlight = upload.partBytes * upload.inFlight
        assert.ok(inFlight <= IN_FLIGHT_BYTES, `${inFlight} bytes in flight are too many`)
        if (subject.connector.store?.capabilities.parallelParts !== true) assert.equal(upload.inFlight, 1)
      }),
  },
  {
    title: 'stores an object exactly, its parts written in parallel and out of order',
    run: (subject) =>
      withUpload(subject, async (upload, { signal, key }) => {
        const content = bytesOf(upload.partBytes * 2 + 12_345)
        await writeAll(upload, content, signal)
        const stored = await upload.complete(signal)
        assert.equal(stored.key, key)
        assert.equal(stored.bytes, content.length)
        assert.match(stored.location, /^[a-z0-9]+:\/\//)
        assert.equal(digest(await subject.read(key)), digest(content))
      }),
  },
  {
    title: 'lets the bytes of a part be used again once it is written',
    run: (subject) =>
      withUpload(subject, async (upload, { signal, key }) => {
        const content = bytesOf(100_000)
        const buffer = Buffer.from(content)
        await upload.writePart(1, buffer, signal)
        buffer.fill(0)
        await upload.complete(signal)
        assert.equal(digest(await subject.read(key)), digest(content))
      }),
  },
  {
    title: 'stores an empty object',
    run: (subject) =>
      withUpload(subject, async (upload, { signal, key }) => {
        const stored = await upload.complete(signal)
        assert.equal(stored.bytes, 0)
        assert.equal((await subject.read(key))?.length, 0)
      }),
  },
  {
    title: 'shows nothing of an object until it is complete', // I5
    run: (subject) =>
      withUpload(subject, async (upload, { signal, key }) => {
        await writeAll(upload, bytesOf(upload.partBytes + 1000), signal)
        assert.equal(await subject.read(key), undefined, 'the object is there before it is complete')
        await upload.complete(signal)
        assert.notEqual(await subject.read(key), undefined)
      }),
  },
  {
    title: 'leaves nothing behind when it is aborted, at any time and twice', // I5
    run: (subject) =>
      withStore(subject, async ({ store, signal, key }) => {
        const before = await listing(subject)
        for (const parts of [0, 1, 2]) {
          const upload = await store.create({ key, contentType: 'text/csv', maxBytes: undefined }, signal)
          for (let number = 1; number <= parts; number++) {
            await upload.writePart(number, bytesOf(number === 1 ? upload.partBytes : 10), signal)
          }
          await upload.abort()
          await upload.abort()
          assert.deepEqual(await listing(subject), before, `something is left of ${parts} parts`)
        }
      }),
  },
  {
    title: 'stops within 5 seconds when it is cancelled, and can still be aborted',
    run: (subject) =>
      withStore(subject, async ({ store, signal, key }) => {
        const before = await listing(subject)
        const upload = await store.create({ key, contentType: 'text/csv', maxBytes: undefined }, signal)
        await upload.writePart(1, bytesOf(upload.partBytes), signal)
        const reason = new Error('the test stops it')
        const stopped = AbortSignal.abort(reason)
        for (const act of [() => upload.writePart(2, bytesOf(10), stopped), () => upload.complete(stopped)]) {
          const ended = act().then(
            () => assert.fail('it went on although it was cancelled'),
            (error: unknown) => error,
          )
          assert.equal(await within(STOP_MS, 'stopping', ended), reason)
        }
        await within(STOP_MS, 'aborting', upload.abort())
        assert.deepEqual(await listing(subject), before)
      }),
  },
  {
    title: 'gives a link with which anyone can download the object, until a time that it says',
    run: (subject) =>
      withUpload(subject, async (upload, { store, context, signal }) => {
        const content = bytesOf(5000)
        await upload.writePart(1, content, signal)
        const stored = await upload.complete(signal)
        const asked = Date.now() + 600_000
        const link = await store.link(stored, {
          expiresInSeconds: 600,
          fileName: 'Umsätze 2026.csv',
          contentType: 'text/csv',
        })
        assert.ok(
          link.expiresAtMs > Date.now() && link.expiresAtMs <= asked + 5000,
          'the link ends at another time',
        )
        const own = subject.connector.store?.capabilities.links === 'own'
        assert.equal(context.signed.length, own ? 0 : 1, 'it is not the one who signs that it declares')
        if (own) {
          const download = subject.download ?? (async ({ url }) => (await fetch(url)).bytes())
          assert.equal(digest(await download(link)), digest(content))
        } else {
          assert.equal(context.signed[0]?.bytes, content.length)
        }
      }),
  },
  {
    title: 'removes an object, and does not mind one that is gone',
    run: (subject) =>
      withStore(subject, async (opened) => {
        const { store, signal, key } = opened
        const before = await listing(subject)
        const upload = await store.create({ key, contentType: 'text/csv', maxBytes: undefined }, signal)
        await upload.writePart(1, bytesOf(10), signal)
        const stored = await upload.complete(signal)
        await store.remove(stored, signal)
        assert.deepEqual(await listing(subject), before)
        await store.remove(stored, signal)
      }),
  },
  {
    title: 'sweeps a folder: ends uploads that are under way, removes objects, and touches nothing else', // I5
    run: (subject) =>
      withStore(subject, async ({ store, signal, key }) => {
        const begin = (where: string): Promise<Upload> =>
          store.create({ key: where, contentType: 'text/csv', maxBytes: undefined }, signal)
        const folder = key.slice(0, key.indexOf('/'))
        const before = await listing(subject)
        const kept = await begin(`${folder}.2/kept.csv`)
        try {
          await kept.writePart(1, bytesOf(kept.partBytes), signal)
          const under = await begin(key)
          await under.writePart(1, bytesOf(under.partBytes), signal)
          const complete = await begin(`${folder}/complete.csv`)
          await complete.writePart(1, bytesOf(10), signal)
          await complete.complete(signal)
          await store.sweep(folder, signal)
          assert.equal(await subject.read(`${folder}/complete.csv`), undefined, 'an object is left')
          await assert.rejects(under.complete(signal), () => true, 'an upload that was swept completes')
          await under.abort()
          await store.sweep(folder, signal) // once more, with nothing there
          const stored = await kept.complete(signal)
          assert.notEqual(await subject.read(stored.key), undefined, 'another folder was swept too')
        } finally {
          await kept.abort()
          await store.sweep(`${folder}.2`, signal)
        }
        assert.deepEqual(await listing(subject), before)
      }),
  },
  {
    title: 'writes a small object for exactly one of those who try at the same time, and never over it', // I3
    run: (subject) =>
      withStore(subject, async ({ store, signal, key }) => {
        const before = await listing(subject)
        // below a hidden folder, as the platform's own notes are
        for (const name of ROUNDS.map((round) => `.bulkhead/check/${key.replace('/', '-')}.${round}`)) {
          try {
            const contents = ROUNDS.map((writer) => Buffer.from(`${name} by ${writer}`))
            const written = await Promise.all(
              contents.map((bytes) => store.createIfAbsent(small(name, bytes), signal)),
            )
            const winners = contents.filter((_, index) => written[index])
            assert.equal(winners.length, 1, `${winners.length} writers were told that they were the one`)
            assert.equal(await store.createIfAbsent(small(name, Buffer.from('late')), signal), false)
            assert.equal(digest(await subject.read(name)), digest(winners[0]))
          } finally {
            await store.remove({ key: name, location: '', bytes: 0 }, signal)
          }
        }
        assert.deepEqual(await listing(subject), before)
      }),
  },
  {
    title: 'reads the start of an object, as far as is asked, and says when there is none',
    run: (subject) =>
      withStore(subject, async ({ store, signal, key }) => {
        assert.equal(await store.readStart(key, 10, signal), undefined)
        for (const content of [bytesOf(1000), Buffer.alloc(0)]) {
          try {
            await store.createIfAbsent(small(key, content), signal)
            for (const most of [1, 10, 2000]) {
              const read = await store.readStart(key, most, signal)
              assert.ok(read !== undefined, 'an object that is there is not found')
              assert.equal(digest(read), digest(content.subarray(0, most)))
            }
          } finally {
            await store.remove({ key, location: '', bytes: 0 }, signal)
          }
        }
      }),
  },
]

/** Of several, a store that looks first and writes then lets two through sooner or later. */
const ROUNDS = [1, 2, 3, 4, 5, 6, 7, 8]

function small(key: string, bytes: Uint8Array): SmallObject {
  return { key, contentType: 'application/json', bytes }
}

/** Begins an object for one check, and removes whatever became of it. */
async function withUpload(
  subject: AnyStore,
  run: (upload: Upload, opened: OpenedStore) => Promise<void> | void,
): Promise<void> {
  await withStore(subject, async (opened) => {
    const { store, signal, key } = opened
    const upload = await store.create({ key, contentType: 'text/csv', maxBytes: undefined }, signal)
    try {
      await run(upload, opened)
    } finally {
      await upload.abort()
      const left: StoredObject = { key, location: '', bytes: 0 }
      await store.remove(left, signal)
    }
  })
}

/** Writes parts from the last to the first, as many at once as the store takes. */
async function writeAll(upload: Upload, content: Buffer, signal: AbortSignal): Promise<void> {
  const numbers = Array.from(
    { length: Math.ceil(content.length / upload.partBytes) },
    (_, index) => index + 1,
  )
  while (numbers.length > 0) {
    const group = upload.inFlight === 1 ? [numbers.shift() ?? 0] : numbers.splice(-upload.inFlight)
    await Promise.all(
      group.map((number) => {
        const start = (number - 1) * upload.partBytes
        return upload.writePart(number, content.subarray(start, start + upload.partBytes), signal)
      }),
    )
  }
}
