import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { defineConnector, SDK_VERSION, type StoreCapabilities } from '../connector.ts'
import type { Store, Upload } from '../store.ts'
import { failing } from './failing.test-support.ts'
import { storeChecks } from './store-checks.ts'
import type { StoreSubject } from './subject.ts'

/** What lies in the store that the doubles break: finished objects, and parts by upload. */
interface Held {
  readonly objects: Map<string, Buffer>
  readonly uploads: Map<object, Map<number, Uint8Array>>
  readonly keys: Map<object, string>
}

const isIn = (folder: string, key: string): boolean => key.startsWith(`${folder}/`)

interface StoreParts {
  readonly capabilities?: Partial<StoreCapabilities>
  readonly store?: (held: Held) => Partial<Store>
  readonly upload?: (held: Held, key: string, parts: Map<number, Uint8Array>) => Partial<Upload>
}

const PART_BYTES = 1024

/** A store that keeps every promise, in memory, with parts of it replaced. */
function memoryStore(parts: StoreParts = {}): StoreSubject<unknown> {
  const held: Held = { objects: new Map(), uploads: new Map(), keys: new Map() }
  const connector = defineConnector<unknown>({
    name: 'memory',
    sdk: SDK_VERSION,
    summary: 'Objects that are gone with the process',
    config: z.strictObject({}),
    query: z.strictObject({}),
    store: {
      capabilities: { parallelParts: true, links: 'platform', ...parts.capabilities },
      open: async (context) => ({
        check: async () => 'memory is there',
        create: async ({ key }) => createUpload(held, key, parts),
        link: (object, request) => context.signLink({ ...object, path: `/${object.key}` }, request),
        async remove({ key }) {
          held.objects.delete(key)
        },
        async sweep(folder) {
          for (const key of held.objects.keys()) if (isIn(folder, key)) held.objects.delete(key)
          for (const [id, key] of held.keys) if (isIn(folder, key)) held.uploads.delete(id)
        },
        async createIfAbsent({ key, bytes }) {
          if (held.objects.has(key)) return false
          held.objects.set(key, Buffer.from(bytes))
          return true
        },
        async readStart(key, maxBytes) {
          return held.objects.get(key)?.subarray(0, maxBytes)
        },
        async [Symbol.asyncDispose]() {},
        ...parts.store?.(held),
      }),
    },
    errors: [],
  })
  return {
    connector,
    config: {},
    wrongConfigs: [],
    read: async (key) => held.objects.get(key),
    everything: async () => [...held.objects.keys(), ...[...held.uploads.keys()].map(() => 'an upload')],
  }
}

function createUpload(held: Held, key: string, parts: StoreParts): Upload {
  const written = new Map<number, Uint8Array>()
  const id = {}
  held.uploads.set(id, written)
  held.keys.set(id, key)
  return {
    partBytes: PART_BYTES,
    inFlight: 2,
    async writePart(number, bytes, signal) {
      signal.throwIfAborted()
      written.set(number, Buffer.from(bytes))
    },
    async complete(signal) {
      signal.throwIfAborted()
      endUpload(held, written)
      const object = assemble(written)
      held.objects.set(key, object)
      return { key, location: `memory://${key}`, bytes: object.length }
    },
    async abort() {
      held.uploads.delete(id)
    },
    ...parts.upload?.(held, key, written),
  }
}

/** Fails when it was ended before: by a sweep, say. */
function endUpload(held: Held, written: ReadonlyMap<number, Uint8Array>): void {
  if (!dropUpload(held, written)) throw new Error('it was aborted')
}

function dropUpload({ uploads }: Held, written: ReadonlyMap<number, Uint8Array>): boolean {
  for (const [id, parts] of uploads) if (parts === written) return uploads.delete(id)
  return false
}

function assemble(written: ReadonlyMap<number, Uint8Array>): Buffer {
  return Buffer.concat([...written].sort(([a], [b]) => a - b).map(([, bytes]) => bytes))
}

test('a store that keeps its promises passes every check', async () => {
  assert.deepEqual(await failing(storeChecks, memoryStore), [])
})

/** Each breaks one promise; it fails the check of that title, and no other. */
const doubles: Readonly<Record<string, StoreParts>> = {
  'answers a check with one line, and leaves nothing behind': {
    store: ({ objects }) => ({
      async check() {
        objects.set('probe', Buffer.alloc(1))
        return 'memory is there'
      },
    }),
  },
  'bounds the parts in flight, to one when it cannot write in parallel': {
    capabilities: { parallelParts: false },
  },
  'stores an object exactly, its parts written in parallel and out of order': {
    upload: (held, key, written) => ({
      async complete(signal) {
        signal.throwIfAborted()
        endUpload(held, written)
        const object = Buffer.concat([...written.values()]) // In the order of their arrival.
        held.objects.set(key, object)
        return { key, location: `memory://${key}`, bytes: object.length }
      },
    }),
  },
  'lets the bytes of a part be used again once it is written': {
    upload: (_, __, written) => ({
      async writePart(number, bytes, signal) {
        signal.throwIfAborted()
        written.set(number, bytes)
      },
    }),
  },
  'stores an empty object': {
    upload: (held, key, written) => ({
      async complete(signal) {
        signal.throwIfAborted()
        endUpload(held, written)
        const object = assemble(written)
        if (object.length > 0) held.objects.set(key, object)
        return { key, location: `memory://${key}`, bytes: object.length }
      },
    }),
  },
  'shows nothing of an object until it is complete': {
    upload: (held, key, written) => ({
      async writePart(number, bytes, signal) {
        signal.throwIfAborted()
        written.set(number, Buffer.from(bytes))
        held.objects.set(key, assemble(written))
      },
      async abort() {
        held.objects.delete(key)
        dropUpload(held, written)
      },
    }),
  },
  'leaves nothing behind when it is aborted, at any time and twice': {
    upload: (held, _, written) => ({
      async abort() {
        for (const [id, parts] of held.uploads)
          if (parts === written && parts.size !== 2) held.uploads.delete(id)
      },
    }),
  },
  'stops within 5 seconds when it is cancelled, and can still be aborted': {
    upload: (_, __, written) => ({
      async writePart(number, bytes) {
        written.set(number, Buffer.from(bytes))
      },
    }),
  },
  'gives a link with which anyone can download the object, until a time that it says': {
    store: () => ({ link: async () => ({ url: 'memory:', expiresAtMs: Date.now() + 600_000 }) }),
  },
  'removes an object, and does not mind one that is gone': {
    store: ({ objects }) => ({
      async remove({ key, bytes }) {
        if (!objects.delete(key) && bytes > 0) throw new Error('gone already')
      },
    }),
  },
  'sweeps a folder: ends uploads that are under way, removes objects, and touches nothing else': {
    store: ({ objects }) => ({
      async sweep(folder) {
        for (const key of objects.keys()) if (isIn(folder, key)) objects.delete(key)
      },
    }),
  },
  'writes a small object for exactly one of those who try at the same time, and never over it': {
    store: ({ objects }) => ({
      async createIfAbsent({ key, bytes }) {
        const isThere = objects.has(key) // and while it writes, others look too
        await Promise.resolve()
        if (isThere) return false
        objects.set(key, Buffer.from(bytes))
        return true
      },
    }),
  },
  'reads the start of an object, as far as is asked, and says when there is none': {
    store: ({ objects }) => ({ readStart: async (key) => objects.get(key) }),
  },
}

test('there is a double for every check', () => {
  assert.deepEqual(
    Object.keys(doubles),
    storeChecks.map((check) => check.title),
  )
})

for (const [title, parts] of Object.entries(doubles)) {
  test(`a double fails exactly: ${title}`, async () => {
    assert.deepEqual(await failing(storeChecks, () => memoryStore(parts)), [title])
  })
}
