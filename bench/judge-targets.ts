import type { LaneFigures } from './compare-lane.ts'
import type { RequestFigures } from './requests/measure-requests.ts'
import type { StartUp } from './start-up.ts'
import type { Target } from './targets.ts'
import type { WaitingFigures } from './waiting/measure-waiting.ts'

export interface Figures {
  readonly lanes: readonly LaneFigures[]
  readonly startUp: StartUp | undefined
  readonly requests: readonly RequestFigures[]
  readonly waiting: readonly WaitingFigures[]
}

export type Verdict = Target & {
  /** In the unit of the target. */
  readonly measured: number
  readonly isMet: boolean
}

/**
 * Of every target for which there are figures: times by their median, memory by the worst run, because it
 * is a bound. A time within 15 % of its target is as good as equal to it: measure again on a calm machine.
 */
export function judgeTargets(targets: readonly Target[], figures: Figures): readonly Verdict[] {
  return targets.flatMap((target) => {
    const measured = measuredFor(target, figures)
    if (measured === undefined) return []
    const isMet = 'atLeast' in target ? measured >= target.atLeast : measured <= target.atMost
    return [{ ...target, measured, isMet }]
  })
}

function measuredFor(
  { lane, measure }: Target,
  { lanes, startUp, requests, waiting }: Figures,
): number | undefined {
  const found = lanes.find((figures) => figures.lane === lane)
  const asked = requests.find((figures) => figures.lane === lane)
  switch (measure) {
    case 'time':
      return (found ?? waiting.find((figures) => figures.lane === lane))?.ratio.median
    case 'memory':
      return found?.peakBytes.bulkhead.max
    case 'start-up':
      return startUp?.firstByteMs.median
    case 'rate':
      return asked?.perSecond.median
    case 'latency':
      return asked?.unloadedMs.p50.median
  }
  return measure satisfies never
}
