import {
  isBulkheadError,
  type BulkheadError,
  type ErrorDetails,
  type ErrorKind,
} from '@bulkhead/connector-sdk'
import { printable } from './printable.ts'
import type { Style } from './style.ts'

/** One fault as it is shown, whether it was thrown here or came in a reply. */
export interface Fault {
  readonly code: string
  readonly kind: ErrorKind
  readonly message: string
  readonly retryable: boolean
  readonly path?: string
  readonly fix?: string
}

/** All that is wrong, the first fault first. What is no error of ours is a bug of ours, and said so. */
export function faultsOf(error: unknown): readonly [Fault, ...Fault[]] {
  if (isBulkheadError(error)) return [faultFrom(error), ...error.others.map(faultFrom)]
  const message = error instanceof Error ? error.message : String(error)
  return [
    {
      code: 'internal',
      kind: 'bug',
      message: message === '' ? 'A fault in Bulkhead' : message,
      retryable: false,
      fix: 'Report it with this message; --log-level debug shows where it happened',
    },
  ]
}

function faultFrom(error: ErrorDetails | BulkheadError): Fault {
  return {
    code: error.code,
    kind: error.kind,
    message: error.message,
    retryable: error.kind === 'transient' || error.kind === 'throttled' || error.kind === 'quota',
    ...(error.path === undefined ? {} : { path: error.path }),
    ...(error.fix === undefined ? {} : { fix: error.fix }),
  }
}

/** Every fault as a block of lines: message, code, path, fix. */
export function renderFaults(faults: readonly Fault[], style: Style): string {
  return faults.map((fault) => renderFault(fault, style)).join('\n')
}

function renderFault(fault: Fault, style: Style): string {
  const lines = [
    `${style.bad('error:')} ${printable(fault.message)}`,
    `  ${style.dim('code:')} ${printable(fault.code)}`,
  ]
  if (fault.path !== undefined) lines.push(`  ${style.dim('path:')} ${printable(fault.path)}`)
  if (fault.fix !== undefined) lines.push(`  ${style.dim('fix: ')} ${printable(fault.fix)}`)
  return lines.join('\n')
}
