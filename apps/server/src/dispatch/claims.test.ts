import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Log } from '@bulkhead/connector-sdk'
import type { Claimed } from '../repository/claim.ts'
import { type Claims, keepClaiming, type Room } from './claims.ts'

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined }
const roomForOne: Room = { most: [{ application: 'billing', runs: 1 }], processes: 1, systems: [] }
const nothing: Claimed = { runs: [], left: false }

interface Bench {
  readonly claims: Claims
  /** What each claim that was made is answered by, in their order. */
  readonly asked: ((claimed: Claimed) => void)[]
  room: Room
}

function open(t: TestContext): Bench {
  const asked: ((claimed: Claimed) => void)[] = []
  const bench: Bench = {
    asked,
    room: roomForOne,
    claims: keepClaiming({
      repository: { claim: () => new Promise((resolve) => void asked.push(resolve)) },
      server: 's',
      leaseMs: 1000,
      log: silent,
      room: () => bench.room,
      take: () => Promise.resolve(),
    }),
  }
  t.after(async () => {
    const stopping = bench.claims.stop()
    for (const answer of asked) answer(nothing)
    await stopping
  })
  return bench
}

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

test('room is filled when the last claim left something, and nobody is asked when it left nothing', async (t) => {
  const { claims, asked } = open(t)
  claims.wake()
  asked[0]?.({ runs: [], left: true })
  await settled()
  claims.roomMade()
  assert.equal(asked.length, 2)
  asked[1]?.(nothing)
  await settled()
  claims.roomMade()
  assert.equal(asked.length, 2)
  claims.wake()
  assert.equal(asked.length, 3)
})

test('room that is made while a claim is under way is filled when that claim left something', async (t) => {
  const { claims, asked } = open(t)
  claims.wake()
  claims.roomMade()
  assert.equal(asked.length, 1)
  asked[0]?.({ runs: [], left: true })
  await settled()
  assert.equal(asked.length, 2)
  asked[1]?.(nothing)
  await settled()
  assert.equal(asked.length, 2)
})

test('without any room nothing is claimed, and what may wait then is asked for when there is some', async (t) => {
  const bench = open(t)
  const { claims, asked } = bench
  claims.wake()
  asked[0]?.(nothing)
  await settled()
  bench.room = { ...roomForOne, most: [{ application: 'billing', runs: 0, processes: [] }] }
  claims.wake()
  await settled()
  assert.equal(asked.length, 1)
  bench.room = roomForOne
  claims.roomMade()
  assert.equal(asked.length, 2)
})
