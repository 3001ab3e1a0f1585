import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BulkheadError, type ErrorKind, type Source } from '@bulkhead/connector-sdk'
import { memoryRun, type MemoryRun, rows } from '../../../../test/support/memory-run.ts'
import { runPlan } from './run.ts'

function fault(kind: ErrorKind): BulkheadError {
  return new BulkheadError({ kind, code: `memory-${kind}`, message: `A fault of kind ${kind}` })
}

type Behaviour = ErrorKind | 'breaks' | 'serves'

/** A source of one row that says which connection it is of, after it did what it is told to do. */
function sourceOf(name: string, behaviour: Behaviour): Source {
  return {
    check: async () => name,
    async prepare() {
      if (behaviour !== 'serves' && behaviour !== 'breaks') throw fault(behaviour)
      return {
        fields: [{ name: 'a', type: { kind: 'text' }, nullable: true }],
        consistency: 'snapshot',
        async *read() {
          yield rows(name)
          if (behaviour === 'breaks') throw fault('transient')
        },
        async [Symbol.asyncDispose]() {},
      }
    },
    async [Symbol.asyncDispose]() {},
  }
}

/** A run whose connections behave as told, in the order of the attempts; the last behaviour stays. */
function runOf(
  behaviours: Readonly<Record<string, readonly Behaviour[]>>,
): MemoryRun & { readonly opened: string[] } {
  const opened: string[] = []
  const run = memoryRun({
    context: {
      async openSource({ name }) {
        const before = opened.filter((other) => other === name).length
        opened.push(name)
        const told = behaviours[name] ?? []
        return sourceOf(name, told[before] ?? told.at(-1) ?? 'serves')
      },
    },
  })
  const [first = '', ...others] = Object.keys(behaviours)
  const named = (name: string) => ({ ...run.plan.source, name })
  const source = { ...named(first), fallbacks: others.map(named) }
  return { ...run, plan: { ...run.plan, source }, opened }
}

const content = (run: MemoryRun): string => String(run.objects.get('run-1/result.csv'))

test('reads the next connection when the first cannot be reached, and says so in result and log', async () => {
  const run = runOf({ ledger: ['transient'], near: ['transient'], far: ['serves'] })
  const result = await runPlan(run.plan, run.context)
  assert.equal(content(run), 'a\nfar\n')
  assert.deepEqual([result.connection, result.attempts], ['far', 1])
  assert.deepEqual(result.warnings, [
    'The connection "ledger" could not be reached (memory-transient)',
    'The connection "near" could not be reached (memory-transient)',
  ])
  assert.match(run.logged.join('\n'), /"ledger" cannot be reached/)
})

test('reads the first when it can be reached, and opens no other', async () => {
  const run = runOf({ ledger: ['serves'], far: ['serves'] })
  assert.equal((await runPlan(run.plan, run.context)).connection, 'ledger')
  assert.deepEqual(run.opened, ['ledger'])
})

test('passes over no wrong query, no refused password, no policy and no throttling', async () => {
  for (const kind of ['config', 'auth', 'policy', 'environment', 'bug'] as const) {
    const run = runOf({ ledger: [kind], far: ['serves'] })
    await assert.rejects(runPlan(run.plan, run.context), { code: `memory-${kind}` })
    assert.deepEqual(run.opened, ['ledger'], kind)
  }
})

test('a fallback that refuses the password ends the run: it is not an outage', async () => {
  const run = runOf({ ledger: ['transient'], near: ['auth'], far: ['serves'] })
  await assert.rejects(runPlan(run.plan, run.context), { code: 'memory-auth' })
  assert.deepEqual(run.opened, ['ledger', 'near'])
})

test('never mixes two connections: a read that breaks begins again, from the first', async () => {
  const run = runOf({ ledger: ['breaks', 'transient'], far: ['serves'] })
  const result = await runPlan(run.plan, run.context)
  assert.equal(content(run), 'a\nfar\n')
  assert.deepEqual([result.connection, result.attempts], ['far', 2])
  assert.deepEqual(run.opened, ['ledger', 'ledger', 'far'])
})

test('tries again later when none can be reached, and then fails by what the first said', async () => {
  const run = runOf({ ledger: ['transient'], far: ['transient'] })
  await assert.rejects(runPlan(run.plan, run.context), { code: 'memory-transient' })
  assert.deepEqual(run.opened, ['ledger', 'far', 'ledger', 'far', 'ledger', 'far'])
  assert.equal(run.slept.length, 2)
})

test('sees an outage in what the network guard knows better', async () => {
  const run = runOf({ ledger: ['transient'], far: ['serves'] })
  const context = { ...run.context, diagnose: () => fault('policy') }
  await assert.rejects(runPlan(run.plan, context), { code: 'memory-policy' })
  assert.deepEqual(run.opened, ['ledger'])
})
