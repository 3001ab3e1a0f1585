import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { ApplicationHead } from '../repository/revision-keeping.ts'
import { followHeads, type HeadsOptions } from './follow-heads.ts'
import type { ServedApplication } from './served-application.ts'

const headOf = (application: string, number: number, state: ApplicationHead['state'] = 'serving') =>
  ({ application, number, state, digest: `${application}-${number}` }) as ApplicationHead

/** A repository of which the test decides what is current, and how long a revision takes to be read. */
function world(first: readonly ApplicationHead[]) {
  let current = first
  let slow: Promise<void> | undefined
  const repository = {
    applicationHeads: () => Promise.resolve(current),
    queued: () => turn(0),
  } as unknown as HeadsOptions['repository']
  const heads = followHeads({
    repository,
    log: { debug() {}, info() {}, warn() {} },
    async open(name, revision) {
      if (name === 'store') await slow
      return { application: { name }, revision } as unknown as ServedApplication
    },
  })
  const seen = (): string =>
    heads
      .list()
      .map(({ revision }) => revision)
      .toSorted()
      .join(' ')
  return {
    heads,
    seen,
    set: (next: readonly ApplicationHead[], until?: Promise<void>): void => {
      current = next
      slow = until
    },
  }
}

test('a change of several is seen whole: while one of them is read nobody sees the others', async () => {
  const { heads, seen, set } = world([headOf('quiet', 1), headOf('shop', 1), headOf('store', 1)])
  await heads.follow()
  assert.equal(seen(), 'quiet-1 shop-1 store-1')
  const { promise, resolve } = Promise.withResolvers<void>()
  set([headOf('quiet', 1, 'removed'), headOf('shop', 2), headOf('store', 2)], promise)
  const told: string[] = []
  heads.onChange(() => told.push(seen()))
  const followed = heads.follow()
  for (let time = 0; time < 5; time++) await turn()
  assert.equal(seen(), 'quiet-1 shop-1 store-1')
  resolve()
  await followed
  // not even whoever is told of the first one
  assert.deepEqual(told, ['shop-2 store-2', 'shop-2 store-2', 'shop-2 store-2'])
})

test('one that cannot be read holds up no other', async () => {
  const { heads, seen, set } = world([headOf('shop', 1), headOf('store', 1)])
  await heads.follow()
  set([headOf('shop', 2), headOf('store', 2)], Promise.reject(new Error('broken')))
  await heads.follow()
  assert.equal(seen(), 'shop-2 store-1')
  assert.deepEqual(
    heads.setAside().map(({ name, code }) => `${name} ${code}`),
    ['store internal'],
  )
})
