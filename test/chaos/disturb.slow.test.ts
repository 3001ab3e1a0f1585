import assert from 'node:assert/strict'
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Moment, moments } from '@bulkhead/engine/observe/moments'
import {
  type Disturbances,
  disturb,
  type DisturbOptions,
  killsOf,
  leastHits,
  noDisturbances,
} from './disturb.ts'
import { randomOf } from './random.ts'
import type { ServerUnderTest } from './server-under-test.ts'

const immortal: ServerUnderTest = {
  name: 'immortal',
  kill: () => true,
  killRunner: () => true,
  url: () => Promise.resolve(''),
  starts: () => 1,
  [Symbol.asyncDispose]: () => Promise.resolve(),
}

/** Obeys orders as the kill agent does, but dies of none. @param comesBy  whether anybody reaches that instant now */
async function obey(
  folder: string,
  comesBy: (moment: Moment) => boolean,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    for (const moment of moments.filter(comesBy)) {
      const file = join(folder, `${moment}.order`)
      const text = await readFile(file, 'utf8').catch(() => undefined)
      if (text === undefined) continue
      await rm(file, { force: true })
      const order = JSON.parse(text) as { readonly id: number; readonly act: string }
      await appendFile(join(folder, 'obeyed'), `${JSON.stringify({ ...order, moment, pid: process.pid })}\n`)
    }
    await sleep(5)
  }
}

async function disturbed(
  t: TestContext,
  comesBy: (moment: Moment, done: Disturbances) => boolean,
  options: Pick<DisturbOptions, 'kills' | 'leastEach' | 'workDone'> & { readonly signal?: AbortSignal },
): Promise<Disturbances> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-disturb-'))
  const over = new AbortController()
  const done = noDisturbances()
  const obeying = obey(folder, (moment) => comesBy(moment, done), over.signal)
  t.after(() => rm(folder, { recursive: true, force: true }))
  const servers = [immortal]
  const fixed = { servers, orders: folder, random: randomOf(7), cut: () => undefined, tell: () => undefined }
  await disturb({ signal: over.signal, ...fixed, ...options }, done)
  over.abort()
  await obeying
  return done
}

test('every instant is hit as often as asked, also one that is rare, which the others wait for', async (t) => {
  const most: number[] = []
  const isHit = ({ killed, frozen, cut }: Disturbances['byMoment'][Moment]): number => killed + frozen + cut
  const comesBy = (moment: Moment, { byMoment }: Disturbances): boolean => {
    const others = moments.filter((other) => other !== 'after-send').map((other) => isHit(byMoment[other]))
    most.push(Math.max(...others) - isHit(byMoment['after-send']))
    return moment !== 'after-send' || Math.min(...others) > isHit(byMoment['after-send'])
  }
  const done = await disturbed(t, comesBy, { kills: 5, leastEach: 2, workDone: () => 1 })
  assert.equal(leastHits(done), 2)
  assert.ok(killsOf(done) >= 5)
  assert.equal(Math.max(...most), 1, 'no instant is ahead of the rarest by more')
})

test('kills keep pace with the work, whatever an instant still lacks', async (t) => {
  const stop = new AbortController()
  let asked = 0
  const workDone = (): number => {
    asked += 1
    if (asked === 40) stop.abort()
    return 0
  }
  const done = await disturbed(t, () => true, { kills: 100, leastEach: 1, workDone, signal: stop.signal })
  assert.ok(killsOf(done) > 0)
  assert.ok(killsOf(done) <= 6, `${killsOf(done)} kills while nothing was done`)
})
