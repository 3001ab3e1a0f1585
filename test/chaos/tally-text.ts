import { killsOf } from './disturb.ts'
import type { ChaosResult } from './run-chaos.ts'
import type { SameInstantResult } from './same-instant.ts'
import type { Tally } from './verdict.ts'

/** What happened and what came of it, for a person. */
export function tallyText({ tally, disturbances, starts, stuck }: ChaosResult): string {
  const { byMoment, anyInstant, cuts } = disturbances
  const frozen = Object.values(byMoment).reduce((sum, count) => sum + count.frozen, 0)
  const row = (...cells: readonly (string | number)[]): string =>
    `  ${cells.map((cell, index) => (index === 0 ? String(cell).padEnd(16) : String(cell).padStart(8))).join('')}`
  return [
    answered(tally),
    `${killsOf(disturbances)} processes killed, ${frozen} frozen; ${starts} starts of servers`,
    `connections cut: ${Object.entries(cuts)
      .map(([line, count]) => `${line} ${count}`)
      .join(', ')}`,
    row('', 'killed', 'frozen', 'cut'),
    ...Object.entries(byMoment).map(([moment, { killed, frozen: slept, cut }]) =>
      row(moment, killed, slept, cut),
    ),
    row('any: servers', anyInstant.servers),
    row('any: runners', anyInstant.runners),
    ...ending([...tally.faults, ...stuck]),
  ].join('\n')
}

export function sameInstantText({ tally, firsts, faults }: SameInstantResult): string {
  return [
    `the same request at the same instant to two servers: ${answered(tally)}`,
    `the first answer came from each of them: ${firsts.join(' and ')} times`,
    ...ending([...tally.faults, ...faults]),
  ].join('\n')
}

function answered({ answered: known, requests, messages, repeats }: Tally): string {
  return `${known} of ${requests} requests answered, ${messages} messages, ${repeats} repeats`
}

function ending(faults: readonly string[]): readonly string[] {
  return [
    faults.length === 0 ? 'nothing lost, nothing twice, nothing left' : `${faults.length} FAULTS`,
    ...faults.slice(0, 40).map((fault) => `  ${fault}`),
  ]
}
