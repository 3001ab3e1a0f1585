/** What the checks of a store do with it. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Store } from '../store.ts'
import { STOP_MS, within, withContext } from './expect.ts'
import type { StoreSubject } from './subject.ts'
import type { TestContext } from './test-context.ts'

export type AnyStore = StoreSubject<unknown>

export interface OpenedStore {
  readonly store: Store
  readonly context: TestContext<unknown>
  readonly signal: AbortSignal
  /** A key that no other check uses. */
  readonly key: string
}

/** Opens the store for one check, and closes it within the time that closing may take. */
export async function withStore(
  subject: AnyStore,
  run: (opened: OpenedStore) => Promise<void> | void,
  config: unknown = subject.config,
): Promise<void> {
  const open = async (context: TestContext<unknown>, signal: AbortSignal): Promise<void> => {
    assert.ok(subject.connector.store, 'the connector has no store role')
    const store = await subject.connector.store.open(context)
    try {
      await run({ store, context, signal, key: `run-${++keys}/umsätze ${process.pid}.csv` })
    } finally {
      await within(STOP_MS, 'closing the store', Promise.resolve(store[Symbol.asyncDispose]()))
    }
  }
  await withContext(subject, open, config)
}

let keys = 0

/** All that lies in the store, in an order that does not matter. */
export async function listing(subject: AnyStore): Promise<string[]> {
  return [...(await subject.everything())].sort()
}

/** Bytes that differ from part to part, the same at every run. */
export function bytesOf(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let state = 0x9e3779b9
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    bytes[at] = state >>> 24
  }
  return bytes
}

/** What tells contents apart in a message. */
export function digest(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? 'no object' : createHash('sha256').update(bytes).digest('hex')
}
