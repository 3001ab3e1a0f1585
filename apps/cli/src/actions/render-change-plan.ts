import type { ApplicationChange, ChangedInput } from '@bulkhead/contract'
import type { ChangePlan } from '@bulkhead/engine/application/change-plan'
import { printable } from '../terminal/printable.ts'
import { formatNumber } from '../terminal/quantities.ts'
import type { Style } from '../terminal/style.ts'

const longestValue = 100
const marks = { add: '+', change: '~', remove: '-', 'set-aside': '!', none: ' ' } as const

/** A plan as people read it: what moves, with its reasons, then how much, then its hash. */
export function renderChangePlan(plan: ChangePlan, outside: readonly string[], style: Style): string {
  const moving = plan.applications.filter(({ action }) => action !== 'none')
  const count = (action: ApplicationChange['action']): number =>
    plan.applications.filter((one) => one.action === action).length
  const aside = count('set-aside')
  return [
    ...moving.flatMap((change) => [...changeLines(change, style), '']),
    `${style.bold('Plan')}  ${count('add')} to add, ${count('change')} to change, ${count('remove')} to remove, ${count('none')} unchanged${aside === 0 ? '' : `, ${style.bad(`${aside} set aside`)}`}`,
    `${style.bold('Hash')}  ${plan.hash}`,
    ...(outside.length === 0
      ? []
      : [
          style.bad(
            `More moves than --check lets: ${formatNumber(outside.length, 'application')}: ${outside.map(printable).join(', ')}`,
          ),
        ]),
  ].join('\n')
}

function changeLines(
  { application, action, effect, changes, error, after, before }: ApplicationChange,
  style: Style,
): readonly string[] {
  const paint = action === 'add' ? style.good : action === 'change' ? style.note : style.bad
  const head = `${paint(marks[action])} ${style.bold(printable(application))}`
  if (error !== undefined)
    return [`${head}  set aside: ${printable(error.message)}  ${style.dim(error.code)}`]
  if (action !== 'change') return [`${head}  ${style.dim((after ?? before)?.digest.slice(0, 12) ?? '')}`]
  return [
    `${head}  ${effect ?? ''}  ${style.dim(`${before?.digest.slice(0, 12)} → ${after?.digest.slice(0, 12)}`)}`,
    ...changes.flatMap((change) => inputLines(change, style)),
  ]
}

function inputLines(change: ChangedInput, style: Style): readonly string[] {
  const { action, place, effect, part, before, after } = change
  const values = [before, after].filter((value) => value !== undefined).map(shown)
  return [
    `    ${marks[action]} ${printable(place)}  ${effect}${part === 'environment' ? '  environment' : ''}`,
    `        ${style.dim(values.join(' → '))}`,
  ]
}

function shown(text: string): string {
  const plain = printable(text)
  return plain.length > longestValue ? `${plain.slice(0, longestValue)}…` : plain
}
