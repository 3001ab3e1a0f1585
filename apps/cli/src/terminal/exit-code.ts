import { exitCodes } from '@bulkhead/contract'
import { faultsOf } from './faults.ts'

/** What a command ends with that threw. */
export function exitCodeOf(error: unknown): number {
  return exitCodes[faultsOf(error)[0].kind]
}
