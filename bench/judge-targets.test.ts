import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LaneFigures } from './compare-lane.ts'
import { judgeTargets } from './judge-targets.ts'
import { spreadOf } from './measure/statistics.ts'
import type { RequestFigures } from './requests/measure-requests.ts'
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
const one = spreadOf([1])
const requests: RequestFigures = {
  lane: 'requests-embedded',
  rounds: 3,
  perSecond: spreadOf([150, 210, 400]),
  loadedMs: { p50: one, p95: one },
  unloadedMs: { p50: spreadOf([20, 31, 35]), p95: one },
  cpuMs: one,
  peakBytes: 1,
}
const targets: readonly Target[] = [
  { lane: 'csv', measure: 'time', atMost: 1.1 },
  { lane: 'csv', measure: 'memory', atMost: 150 },
  { lane: 'jsonl', measure: 'time', atMost: 0.5 },
  { lane: 'start-up', measure: 'start-up', atMost: 150 },
  { lane: 'requests-embedded', measure: 'rate', atLeast: 200 },
  { lane: 'requests-embedded', measure: 'latency', atMost: 30 },
  { lane: 'requests-team', measure: 'rate', atLeast: 200 },
]

test('judges times by the median and memory by the worst run, and nothing that was not measured', () => {
  const judged = judgeTargets(targets, { lanes: [csv], startUp, requests: [requests], waiting: [] })
  assert.deepEqual(
    judged.map(({ lane, measure, measured, isMet }) => [lane, measure, measured, isMet]),
    [
      ['csv', 'time', 1.1, true],
      ['csv', 'memory', 160, false],
      ['start-up', 'start-up', 151, false],
      ['requests-embedded', 'rate', 210, true],
      ['requests-embedded', 'latency', 31, false],
    ],
  )
})
