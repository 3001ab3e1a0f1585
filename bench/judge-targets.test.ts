import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LaneFigures } from './compare-lane.ts'
import { judgeTargets } from './judge-targets.ts'
import { spreadOf } from './measure/statistics.ts'
import type { Target } from './targets.ts'

const both = { bulkhead: spreadOf([1]), peer: spreadOf([1]) }
const csv: LaneFigures = {
  lane: 'csv',
  peerName: 'psql',
  pairs: [],
  wallSeconds: both,
  cpuSeconds: both,
  peakBytes: { bulkhead: spreadOf([100, 140, 160]), peer: spreadOf([1]) },
  ratio: spreadOf([0.9, 1.1, 2]),
  bytes: { bulkhead: 1, peer: 1 },
}
const startUp = {
  firstByteMs: spreadOf([151]),
  endMs: spreadOf([200]),
  launcher: { firstByteMs: spreadOf([160]), endMs: spreadOf([210]) },
  runs: 1,
}
const targets: readonly Target[] = [
  { lane: 'csv', measure: 'time', atMost: 1.1 },
  { lane: 'csv', measure: 'memory', atMost: 150 },
  { lane: 'jsonl', measure: 'time', atMost: 0.5 },
  { lane: 'start-up', measure: 'start-up', atMost: 150 },
]

test('judges times by the median and memory by the worst run, and nothing that was not measured', () => {
  const judged = judgeTargets(targets, { lanes: [csv], startUp })
  assert.deepEqual(
    judged.map(({ lane, measure, measured, isMet }) => [lane, measure, measured, isMet]),
    [
      ['csv', 'time', 1.1, true],
      ['csv', 'memory', 160, false],
      ['start-up', 'start-up', 151, false],
    ],
  )
})
