import { BulkheadError, type ErrorDetails, isBulkheadError } from '@bulkhead/connector-sdk'
import type { OperationName } from '../operations/operations.ts'
import type { Change } from '../repository.ts'

/** What crosses between the server and the thread that has the database: plain data. */
export type ToThread =
  | { readonly call: number; readonly name: OperationName; readonly args: unknown; readonly nowMs: number }
  | { readonly backup: number; readonly path: string }
  | { readonly close: true }

export type FromThread =
  | { readonly opened: true }
  | { readonly failedToOpen: SentError }
  | {
      /** Of calls and of a backup, by their numbers, in the order in which they were done. */
      readonly answers: readonly Answer[]
      readonly changes: readonly Change[]
    }

/**
 * Changes that are told when a call is on its way: calls are done in their order, so that a claim that is made then finds
 * the run, and shares its commit.
 */
export const toldWhenAsked: Partial<Record<OperationName, readonly Change[]>> = { accept: ['queued'] }

/** What need not be kept at once: it waits a moment for others to share their commit with. */
export const unhurried: ReadonlySet<OperationName> = new Set(['messagesSent', 'appendLog'])

export type Answer =
  | { readonly call: number; readonly result: unknown }
  | { readonly call: number; readonly error: SentError }

/** An error as it crosses: a clone would lose what makes it one of ours. */
export type SentError =
  | { readonly bulkhead: ErrorDetails }
  | { readonly message: string; readonly stack: string | undefined }

export function sentError(error: unknown): SentError {
  if (isBulkheadError(error)) {
    const { kind, code, message, path, fix } = error
    return {
      bulkhead: {
        kind,
        code,
        message,
        ...(path !== undefined && { path }),
        ...(fix !== undefined && { fix }),
      },
    }
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  return { message, stack }
}

export function receivedError(sent: SentError): Error {
  if ('bulkhead' in sent) return new BulkheadError(sent.bulkhead)
  const error = new Error(sent.message)
  if (sent.stack !== undefined) error.stack = sent.stack
  return error
}
