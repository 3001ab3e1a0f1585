import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { ServedApplication } from '../applications/applications.ts'
import type { Change } from '../repository/repository.ts'
import type { ApplicationHead, EngineAside } from '../repository/revision-keeping.ts'
import { chooseEngines, type EngineChoice } from './choose-engines.ts'
import { type Engine, engineOf } from './engine.ts'
import type { EngineState } from './engines.ts'

const build = (name: string): Engine =>
  engineOf(name, { entry: `/${name}`, version: '1.0.0', identity: `1.0.0+${name}` })
const broken: EngineState = { is: 'set-aside', code: 'engine-unusable', message: 'it throws' }

interface World {
  readonly choice: EngineChoice
  readonly engines: Map<string, EngineState>
  /** Which application is on which, as the repository has it. */
  readonly on: Map<string, string>
  readonly asides: EngineAside[]
  readonly logged: string[]
  /** The repository does not answer. */
  isOut: boolean
  readonly look: () => Promise<void>
}

function open(t: TestContext, { isAlone = false } = {}): World {
  const on = new Map<string, string>()
  const engines = new Map<string, EngineState>([['next', { is: 'usable', engine: build('next') }]])
  const tellers: ((change: Change) => void)[] = []
  const logged: string[] = []
  const asides: EngineAside[] = []
  const tell = (message: string): void => void logged.push(message)
  const choice = chooseEngines({
    engines: {
      own: build('built-in'),
      state: (name) => engines.get(name),
      list: () => [...engines],
      look: () => Promise.resolve(),
      heard: (name) => Promise.resolve(engines.get(name)),
      onLook: () => () => undefined,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
    applications: () => ({
      working: () =>
        ['quiet', 'shop'].map((name) => ({ application: { name } }) as unknown as ServedApplication),
      head: (name) => ({ engine: on.get(name) }) as ApplicationHead,
    }),
    repository: {
      setEngineAside(aside) {
        if (world.isOut) return Promise.reject(new Error('no answer'))
        asides.push(aside)
        const isOn = on.get(aside.application) === aside.engine
        if (isOn) on.delete(aside.application)
        return Promise.resolve(isOn)
      },
      onChange: (listener) => (tellers.push(listener), () => undefined),
    },
    isAlone,
    log: { debug: tell, info: tell, warn: tell },
  })
  const world: World = {
    choice,
    engines,
    on,
    asides,
    logged,
    isOut: false,
    async look() {
      for (const each of tellers) each('applications')
      await choice.settle()
    },
  }
  t.after(() => choice[Symbol.asyncDispose]())
  return world
}

test('an application is on the engine that it was put on, and any other on the own one', (t) => {
  const { choice, on } = open(t)
  on.set('shop', 'next')
  assert.equal(choice.of('shop').name, 'next')
  assert.equal(choice.of('quiet').name, 'built-in')
  assert.ok(choice.mayClaim('shop'))
})

test('an engine that was not heard yet is waited for: nothing is claimed, and what was claimed is run', async (t) => {
  const { choice, on, engines, look, asides } = open(t)
  engines.set('slow', { is: 'asked' })
  on.set('shop', 'slow')
  await look()
  assert.ok(!choice.mayClaim('shop'))
  assert.equal(choice.of('shop').name, 'built-in')
  assert.deepEqual(asides, [])
})

test('from an engine that cannot be used an application is taken once, on all servers', async (t) => {
  const { choice, on, engines, look, asides } = open(t)
  engines.set('broken', broken)
  on.set('shop', 'broken')
  await look()
  await look()
  assert.deepEqual(
    asides.map(({ application, engine, message }) => `${application} ${engine} ${message}`),
    ['shop broken it throws'],
  )
  assert.ok(choice.mayClaim('shop'))
  // mended, and rolled out once more
  engines.set('broken', { is: 'usable', engine: build('broken') })
  on.set('shop', 'broken')
  await look()
  assert.equal(choice.of('shop').name, 'broken')
})

test('a server that lacks an engine leaves its runs to others, and says so once; the only server takes it back', async (t) => {
  const one = open(t)
  one.on.set('shop', 'elsewhere')
  await one.look()
  await one.look()
  assert.ok(!one.choice.mayClaim('shop'))
  assert.ok(one.choice.mayClaim('quiet'))
  assert.equal(one.logged.filter((line) => /left to other servers/.test(line)).length, 1)
  assert.deepEqual(one.asides, [])
  const alone = open(t, { isAlone: true })
  alone.on.set('shop', 'elsewhere')
  await alone.look()
  assert.equal(alone.asides[0]?.code, 'engine-unknown')
  assert.ok(alone.choice.mayClaim('shop'))
})

test('two failures in a row before anything worked take an application back at once, also while the repository is out', async (t) => {
  const world = open(t)
  const { choice, on, look, asides } = world
  on.set('shop', 'next')
  const next = choice.of('shop')
  world.isOut = true
  assert.ok(choice.failed('shop', next, 'exit code 1'))
  assert.equal(choice.of('shop').name, 'next')
  assert.ok(choice.failed('shop', next, 'exit code 1'))
  assert.equal(choice.of('shop').name, 'built-in')
  assert.ok(choice.mayClaim('shop'))
  await look()
  assert.deepEqual(asides, [])
  world.isOut = false
  await look()
  assert.deepEqual(
    asides.map(({ code }) => code),
    ['engine-crashes'],
  )
})

test('an engine on which a run has completed is not to blame for what comes later', async (t) => {
  const { choice, on, look, asides } = open(t)
  for (const name of ['shop', 'quiet']) on.set(name, 'next')
  const next = choice.of('shop')
  choice.works('shop', next)
  for (let times = 0; times < 5; times++) assert.ok(!choice.failed('shop', next, 'exit code 1'))
  // of another application that is not known
  assert.ok(choice.failed('quiet', next, 'exit code 1'))
  await look()
  assert.deepEqual(asides, [])
})
