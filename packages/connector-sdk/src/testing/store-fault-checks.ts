import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { isBulkheadError } from '../errors.ts'
import { expectFailure, within } from './expect.ts'
import { type FaultPatience, withProxy } from './fault-checks.ts'
import type { Proxy } from './proxy.ts'
import { type AnyStore, bytesOf, digest, listing, type OpenedStore, withStore } from './store-writing.ts'
import { type Check, given, reasonOf } from './subject.ts'

/** A client that tries again by itself does so a few times, with pauses. */
const TRIES_AGAIN_MS = 30_000
/** So slow that a part is on its way for a while. */
const SLOW_BYTES_PER_SECOND = 20_000

/** Checks of the store role when the network is not as it should be. */
export const storeFaultChecks = ({ stopMs }: FaultPatience): readonly Check<AnyStore>[] => [
  {
    title: 'stores an object whole, or fails by kind transient, when a connection is cut',
    leftOut: ({ network }) => reasonOf('network', network),
    run: (subject) =>
      overProxy(subject, async ({ store, key, signal }, proxy) => {
        const before = await listing(subject)
        const upload = await store.create({ key, contentType: 'text/csv', maxBytes: undefined }, signal)
        const content = bytesOf(upload.partBytes + 12_345)
        const parts = [content.subarray(0, upload.partBytes), content.subarray(upload.partBytes)]
        try {
          for (const [index, part] of parts.entries()) {
            proxy.throttle(SLOW_BYTES_PER_SECOND)
            const sent = proxy.bytesToServer
            const writing = upload.writePart(index + 1, part, signal)
            writing.catch(() => undefined) // awaited below
            for (let round = 0; round < 200 && proxy.bytesToServer === sent; round++) await sleep(5)
            assert.ok(proxy.bytesToServer > sent, 'nothing of a part was on its way: this proves nothing')
            proxy.cut()
            proxy.throttle(undefined)
            await within(TRIES_AGAIN_MS, 'writing a part', writing)
          }
          const stored = await within(TRIES_AGAIN_MS, 'completing', upload.complete(signal))
          assert.equal(digest(await subject.read(key)), digest(content))
          await store.remove(stored, signal)
        } catch (error) {
          if (!isBulkheadError(error)) throw error
          assert.equal(error.kind, 'transient', `${error.code} is of kind ${error.kind}`)
          await upload.abort()
        }
        assert.deepEqual(await listing(subject), before)
      }),
  },
  {
    title: 'fails by kind transient when the system goes away, and leaves nothing once it is back', // I5
    leftOut: ({ network }) => reasonOf('network', network),
    run: (subject) =>
      overProxy(subject, async ({ store, key, signal }, proxy) => {
        const before = await listing(subject)
        const upload = await store.create({ key, contentType: 'text/csv', maxBytes: undefined }, signal)
        await upload.writePart(1, bytesOf(upload.partBytes), signal)
        proxy.refuse(true)
        proxy.cut()
        const failing = expectFailure(subject, 'a part for nobody', () =>
          upload.writePart(2, bytesOf(10), signal),
        )
        const error = await within(TRIES_AGAIN_MS, 'noticing that nobody is there', failing)
        assert.equal(error.kind, 'transient', `${error.code} is of kind ${error.kind}`)
        proxy.refuse(false)
        await upload.abort()
        assert.deepEqual(await listing(subject), before)
      }),
  },
  {
    title: 'stops within 5 seconds when it is cancelled, also when the store is silent',
    leftOut: ({ network }) => reasonOf('network', network),
    run: (subject) =>
      overProxy(subject, async ({ store, key, signal }, proxy) => {
        const upload = await store.create({ key, contentType: 'text/csv', maxBytes: undefined }, signal)
        await upload.writePart(1, bytesOf(upload.partBytes), signal)
        proxy.silence()
        const stop = new AbortController()
        const reason = new Error('the test stops it')
        const ended = upload.writePart(2, bytesOf(10), stop.signal).then(
          () => assert.fail('it wrote to a silent store'),
          (error: unknown) => error,
        )
        await sleep(50)
        stop.abort(reason)
        assert.equal(await within(stopMs, 'stopping', ended), reason)
        proxy.cut() // what is half on its way never arrives
        proxy.resume()
        await upload.abort()
      }),
  },
]

async function overProxy(
  subject: AnyStore,
  run: (opened: OpenedStore, proxy: Proxy) => Promise<void>,
): Promise<void> {
  await withProxy(given('network', subject.network), (proxy, config) =>
    withStore(subject, (opened) => run(opened, proxy), config),
  )
}
