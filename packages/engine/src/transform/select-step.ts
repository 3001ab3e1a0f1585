import type { Field } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import type { RunningStep } from './step.ts'

/**
 * Keeps the named columns, in the order of the names. Columns stay columns: nothing is copied.
 * @throws BulkheadError `column-unknown`, `column-duplicate`
 */
export function selectColumns(names: readonly string[], inputs: readonly Field[], path: string): RunningStep {
  const indexes = names.map((name, position) => {
    const found = inputs.flatMap((field, index) => (field.name === name ? [index] : []))
    if (found.length === 1) return found[0]!
    const place = { path: `${path}.select[${position}]` }
    if (found.length > 1)
      throw fault('column-duplicate', `The result has more than one column "${name}"`, place)
    throw fault('column-unknown', `The result has no column "${name}"`, {
      ...place,
      fix: `Choose among ${inputs.map((field) => field.name).join(', ')}`,
    })
  })
  return {
    fields: indexes.map((index) => inputs[index]!),
    async *apply(batch) {
      const columns = indexes.map((index) => batch.columns[index]!)
      const share = batch.columns.length === 0 ? 0 : columns.length / batch.columns.length
      yield { batch: { ...batch, columns, bytes: Math.round(batch.bytes * share) }, rejected: [] }
    },
  }
}
