import {
  checkedBy,
  fault,
  type PreparedResult,
  preparedSchema,
  prepareRefusalSchema,
} from '@bulkhead/contract'
import type { PlannedPreparation } from '../../plan/plan.ts'

/** Most bytes of what preparing work returns, as JSON: a query with its parameters, no data (I8). */
export const mostResultBytes = 1024 * 1024

/**
 * What preparing work returned, as plain data of the form that is taken.
 *
 * @throws BulkheadError `prepare-result-invalid` with every fault, each at `prepared.FIELD`; `prepare-refused`
 */
export function readPrepared(answer: unknown, { by, path }: PlannedPreparation): PreparedResult {
  const value = plainData(answer, by, path)
  if (typeof value === 'object' && value !== null && 'refuse' in value) {
    const { refuse } = checkedBy(prepareRefusalSchema, value, {
      code: 'prepare-result-invalid',
      base: 'prepared',
      fix: 'Return `refuse` alone, with a sentence for the requester',
    })
    throw fault('prepare-refused', refuse.trim().replace(/\.$/, ''))
  }
  return checkedBy(preparedSchema, value, {
    code: 'prepare-result-invalid',
    base: 'prepared',
    fix: `Correct what ${by} returns`,
  })
}

/** A copy that holds no code and does not change while it is looked at. */
function plainData(answer: unknown, by: string, path: string): unknown {
  let copy: unknown
  let text: string | undefined
  try {
    copy = structuredClone(answer)
    text = JSON.stringify(copy, (_, item: unknown) => (typeof item === 'bigint' ? item.toString() : item))
  } catch (cause) {
    throw fault('prepare-result-invalid', `${by} returned what is no plain data`, {
      path,
      fix: 'Return texts, numbers, lists and objects of these, without functions and circles',
      cause,
    })
  }
  if (text !== undefined && Buffer.byteLength(text) > mostResultBytes)
    throw fault('prepare-result-invalid', `${by} returned more than ${mostResultBytes / 1024} KiB`, {
      path,
      fix: 'Return a query; long lists belong into a table that it joins',
    })
  return copy
}
