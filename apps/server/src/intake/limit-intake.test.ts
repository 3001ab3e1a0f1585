import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServedApplication } from '../applications/applications.ts'
import { limitIntake } from './limit-intake.ts'

/** An intake that takes everything, behind the limits; a clock that stands still. */
function start(platform: number | undefined, wishes: Record<string, number | undefined>) {
  const clock = { ms: 0 }
  const held: string[] = []
  const intake = limitIntake(
    { take: async () => ({ is: 'unreadable', error: undefined as never }) },
    {
      applications: {
        get: (name) =>
          Object.hasOwn(wishes, name)
            ? ({
                application: {
                  name,
                  manifest: { spec: { policy: { limits: { requestsPerSecond: wishes[name] } } } },
                },
              } as unknown as ServedApplication)
            : undefined,
      },
      requestsPerSecond: platform,
      onHeld: (name) => held.push(name),
      now: () => clock.ms,
    },
  )
  /** How many of so many at this instant are taken. */
  const taken = async (application: string, of: number): Promise<number> => {
    const all = Array.from({ length: of }, () => intake.take({ application, input: '', actor: 'test' }))
    return (await Promise.allSettled(all)).filter(({ status }) => status === 'fulfilled').length
  }
  return { intake, clock, held, taken, wishes }
}

test('takes what an application wishes, no more than the platform allows, and all without either', async () => {
  const { taken, held } = start(10, { modest: 3, greedy: 50, plain: undefined })
  assert.deepEqual(
    [await taken('modest', 20), await taken('greedy', 20), await taken('plain', 20)],
    [3, 10, 10],
  )
  assert.equal(held.filter((name) => name === 'modest').length, 17)
  assert.equal(await start(undefined, { plain: undefined }).taken('plain', 500), 500)
})

test('says how long to wait, and takes again after that', async () => {
  const { intake, taken, clock } = start(undefined, { shop: 2 })
  await taken('shop', 2)
  const refused = { code: 'application-too-fast', kind: 'quota', retryAfterMs: 500 }
  await assert.rejects(intake.take({ application: 'shop', input: '', actor: 'test' }), refused)
  clock.ms = 500
  assert.equal(await taken('shop', 5), 1)
})

test('follows a wish that changes, and leaves what is not served to the intake', async () => {
  const { taken, wishes, held } = start(undefined, { shop: 1 })
  assert.equal(await taken('shop', 5), 1)
  wishes['shop'] = 4
  assert.equal(await taken('shop', 5), 4)
  assert.equal(await taken('nobody', 5), 5)
  assert.ok(!held.includes('nobody'))
})
