import { exitCodes } from '@bulkhead/contract'
import type { CheckedItem } from '@bulkhead/runner'
import type { Answer } from '../terminal/answer.ts'
import { faultsOf, renderFaults } from '../terminal/faults.ts'
import { printable } from '../terminal/printable.ts'
import type { Reporter } from '../terminal/reporter.ts'
import type { Style } from '../terminal/style.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { connectorRoots } from './installed.ts'
import { applicationChoice, processOptions } from './platform.ts'

/** Reaches every connection and store; all are tried, also when one fails. */
export async function check(
  folder: string,
  options: { readonly environment?: string },
  terminal: Terminal,
  report: Reporter,
): Promise<Answer> {
  const { checkApplication } = await import('@bulkhead/runner')
  const items = await checkApplication({
    ...processOptions(terminal, report),
    application: applicationChoice(terminal, { ...options, application: folder }),
    connectorRoots: connectorRoots(),
  })
  const failed = items.find(({ error }) => error !== undefined)?.error
  return {
    value: {
      reached: failed === undefined,
      items: items.map(({ role, name, connector, message, error }) => ({
        role,
        name,
        connector,
        ...(message !== undefined && { message }),
        ...(error !== undefined && { error: faultsOf(error)[0] }),
      })),
    },
    text: (style) =>
      items.map((item) => renderItem(item, style)).join('\n') || 'Nothing is declared that could be reached',
    ...(failed !== undefined && { exitCode: exitCodes[failed.kind] }),
  }
}

function renderItem({ role, name, connector, message, error }: CheckedItem, style: Style): string {
  const head = `${role} ${style.bold(name)} ${style.dim(`(${connector})`)}`
  if (error === undefined) return `${style.good('✓')} ${head} ${printable(message ?? '')}`
  return `${style.bad('✗')} ${head}\n${renderFaults(faultsOf(error), style).replaceAll(/^/gm, '  ')}`
}
