import { killsOf } from './disturb.ts'
import type { ChaosResult } from './run-chaos.ts'

/** What happened and what came of it, for a person. */
export function tallyText({ tally, disturbances, stuck }: ChaosResult): string {
  const { byMoment, servers, cuts } = disturbances
  const faults = [...tally.faults, ...stuck]
  return [
    `${tally.answered} of ${tally.requests} requests answered, ${tally.messages} messages, ${tally.repeats} repeats`,
    `${killsOf(disturbances)} processes killed or frozen, ${cuts} times the database was cut`,
    ...Object.entries(byMoment).map(([moment, count]) => `  ${moment.padEnd(16)} ${count}`),
    `  any instant      ${servers}`,
    faults.length === 0 ? 'nothing lost, nothing twice, nothing left' : `${faults.length} FAULTS`,
    ...faults.slice(0, 40).map((fault) => `  ${fault}`),
  ].join('\n')
}
