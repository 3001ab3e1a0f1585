import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type RunState, runStates } from '@bulkhead/contract'
import { isFinal, nextRunState, type RunEvent, runTransitions } from './run-state.ts'

test('every state but an end has a way out, and every end is reached', () => {
  const reached = new Set<RunState>(['queued'])
  for (const state of reached)
    for (const next of Object.values(runTransitions[state])) if (next !== undefined) reached.add(next)
  assert.deepEqual([...reached].toSorted(), [...runStates].toSorted())
  assert.deepEqual(
    runStates.filter((state) => isFinal(state)),
    ['completed', 'completed-with-errors', 'failed', 'cancelled'],
  )
})

test('an end stays an end, whatever is said of it later', () => {
  const events = Object.keys(runTransitions.queued) as RunEvent[]
  for (const state of runStates.filter((each) => isFinal(each)))
    for (const event of events) assert.equal(nextRunState(state, event), undefined)
})

test('a run whose runner dies is begun again, and in the end given up', () => {
  assert.equal(nextRunState('running', 'lost'), 'queued')
  assert.equal(nextRunState('running', 'given-up'), 'failed')
})
