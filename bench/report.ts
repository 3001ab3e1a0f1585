/** Figures as a table for people. */
import type { LaneFigures } from './compare-lane.ts'
import type { Verdict } from './judge-targets.ts'
import type { Machine } from './measure/machine.ts'
import type { Spread } from './measure/statistics.ts'
import type { RequestFigures } from './requests/measure-requests.ts'
import type { WaitingFigures } from './waiting/measure-waiting.ts'
import type { StartUp } from './start-up.ts'

const gibibyte = 2 ** 30

export function machineText({ processor, cores, memoryBytes, system, node }: Machine): string {
  return `${cores} cores of ${processor}, ${(memoryBytes / gibibyte).toFixed(0)} GiB, ${system}, Node ${node}`
}

/** @param others  cores that others used between the runs */
export function loadText(others: Spread | undefined): string {
  if (others === undefined) return 'Nobody knows how busy others kept the machine'
  const calm = others.max < 0.3
  return `Between the runs others used ${spreadText(others)} cores: ${calm ? 'the machine was calm' : 'the machine was loaded, take the figures with care'}`
}

export function lanesText(lanes: readonly LaneFigures[]): string {
  const rows = lanes.flatMap(({ lane, peerName, wallSeconds, cpuSeconds, peakBytes, ratio, bytes }) => [
    [
      lane,
      'bulkhead',
      wallSeconds.bulkhead.median.toFixed(2),
      cpuSeconds.bulkhead.median.toFixed(2),
      mebibytes(peakBytes.bulkhead.max),
      mebibytes(bytes.bulkhead),
      spreadText(ratio),
    ],
    [
      '',
      peerName,
      wallSeconds.peer.median.toFixed(2),
      cpuSeconds.peer.median.toFixed(2),
      mebibytes(peakBytes.peer.max),
      mebibytes(bytes.peer),
      '',
    ],
  ])
  return tableText([['lane', 'by', 's', 'CPU s', 'peak MiB', 'file MiB', 'x peer (min-max)'], ...rows], 2)
}

export function startUpText({ firstByteMs, endMs, launcher, runs }: StartUp): string {
  const row = (name: string, first: Spread, end: Spread): string[] => [
    name,
    spreadText(first, 0),
    spreadText(end, 0),
  ]
  return tableText(
    [
      [`start-up, ${runs} runs, from the start of`, 'first byte ms (min-max)', 'end ms (min-max)'],
      row('Node 24', firstByteMs, endMs),
      row('bin/bulkhead', launcher.firstByteMs, launcher.endMs),
    ],
    1,
  )
}

export function requestsText(requests: readonly RequestFigures[]): string {
  const rows = requests.map(({ lane, perSecond, loadedMs, unloadedMs, cpuMs, peakBytes }) => [
    lane,
    spreadText(perSecond, 0),
    `${loadedMs.p50.median.toFixed(0)} / ${loadedMs.p95.median.toFixed(0)}`,
    `${unloadedMs.p50.median.toFixed(1)} / ${unloadedMs.p95.median.toFixed(1)}`,
    cpuMs.median.toFixed(1),
    mebibytes(peakBytes),
  ])
  const heads = ['8 at once, a second (min-max)', 'ms p50 / p95', 'alone ms p50 / p95', 'CPU ms', 'peak MiB']
  return tableText([['requests', ...heads], ...rows], 1)
}

export function waitingText(waiting: readonly WaitingFigures[]): string {
  const rows = waiting.map(({ lane, perSecond, quietMs, besideMs, ratio }) => [
    lane,
    perSecond.toFixed(1),
    spreadText(quietMs, 0),
    spreadText(besideMs, 0),
    spreadText(ratio, 2),
  ])
  const heads = ['offered a second', 'quiet ms p95 (min-max)', 'beside it ms p95', 'ratio']
  return tableText([['waiting', ...heads], ...rows], 1)
}

export function verdictsText(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map((verdict) => [
    `${verdict.lane} ${verdict.measure}`,
    inUnit(verdict, verdict.measured),
    'atLeast' in verdict ? `>= ${inUnit(verdict, verdict.atLeast)}` : `<= ${inUnit(verdict, verdict.atMost)}`,
    verdict.isMet ? 'met' : 'MISSED',
  ])
  return tableText([['target', 'measured', 'wanted', ''], ...rows], 1)
}

function inUnit({ measure }: Verdict, value: number): string {
  switch (measure) {
    case 'time':
      return `${value.toFixed(2)} x`
    case 'memory':
      return `${mebibytes(value)} MiB`
    case 'start-up':
    case 'latency':
      return `${value.toFixed(0)} ms`
    case 'rate':
      return `${value.toFixed(0)} a second`
  }
  return measure satisfies never
}

export function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0)
}

function spreadText({ median, min, max }: Spread, digits = 2): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}-${max.toFixed(digits)})`
}

/** @param texts  how many columns stand to the left; numbers stand to the right */
function tableText(rows: readonly (readonly string[])[], texts: number): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column < texts ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
