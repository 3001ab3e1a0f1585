import type { ColumnsBatch, Field, RowsBatch } from '@bulkhead/connector-sdk'
import type { ValidateFunction } from 'ajv/dist/2020.js'
import { declaredFields } from './field-types.ts'
import { mapRows } from './map-step.ts'
import { rowsToColumns } from './rows-to-columns.ts'
import { selectColumns } from './select-step.ts'
import type { RunningStep, StepOutput, TransformStep } from './step.ts'
import { compileSchema, validateRows } from './validate-step.ts'

/** The steps of `process` at work: batch in, batches out, plus the rows that were left out. Pure but for the application's code. */
export interface Transform {
  /** Columns of the result; undefined while code without `fields` has not returned a row. Known at the latest with the first output. */
  readonly fields: readonly Field[] | undefined
  /** Columns of the result when all input has come, also when nothing could be learned because no row was returned. */
  finalFields(): readonly Field[]
  /**
   * Puts a batch through all steps. Yields batches that hold rows or rejections: none when every row
   * was dropped by code, several when code returned many rows for one. A yielded batch belongs to the
   * receiver until the next is asked for.
   *
   * @throws BulkheadError of kind `record`, naming row and column and never a value
   */
  apply(batch: ColumnsBatch | RowsBatch): AsyncIterable<StepOutput>
}

/** Bytes of a batch that code returned, unless the caller says otherwise. */
const defaultMaxBytes = 1024 * 1024

/**
 * Prepares the steps. What is wrong with them is found here, as far as the columns are known.
 *
 * @param fields    columns that come in
 * @param maxBytes  most bytes of a batch that code returned, a single larger row apart (I8)
 * @throws BulkheadError `column-unknown`, `column-duplicate`, `map-invalid`, `manifest-invalid`
 */
export async function createTransform(
  steps: readonly TransformStep[],
  fields: readonly Field[],
  maxBytes: number = defaultMaxBytes,
): Promise<Transform> {
  const schemas = new Map<TransformStep, ValidateFunction>()
  for (const step of steps) {
    if (step.kind === 'validate') schemas.set(step, await compileSchema(step.schema, `${step.path}.schema`))
  }
  const running: RunningStep[] = []

  /** Columns after the first `count` steps, starting those whose input has become known. */
  function fieldsAfter(count: number): readonly Field[] | undefined {
    let known: readonly Field[] | undefined = fields
    for (let index = 0; index < count && known !== undefined; index++) {
      running[index] ??= start(steps[index]!, known)
      known = running[index]!.fields
    }
    return known
  }

  function start(step: TransformStep, inputs: readonly Field[]): RunningStep {
    switch (step.kind) {
      case 'select':
        return selectColumns(step.names, inputs, step.path)
      case 'map':
        return mapRows(step.map, step.fields, inputs, step.path, maxBytes)
      case 'validate':
        return validateRows(schemas.get(step)!, step.onInvalid, inputs, step.path)
    }
    return step satisfies never
  }

  async function* through(index: number, batch: ColumnsBatch): AsyncIterable<StepOutput> {
    if (index === steps.length) {
      yield { batch, rejected: [] }
      return
    }
    // A batch has come out of the step before, so its columns are known.
    fieldsAfter(index + 1)
    for await (const output of running[index]!.apply(batch)) {
      if (output.rejected.length > 0) yield { batch: undefined, rejected: output.rejected }
      if (output.batch !== undefined && output.batch.rows > 0) yield* through(index + 1, output.batch)
    }
  }

  fieldsAfter(steps.length)
  let rowsBefore = 0
  return {
    get fields() {
      return fieldsAfter(steps.length)
    },
    finalFields: () => fieldsAfter(steps.length) ?? fieldsOfNothing(steps, fields),
    async *apply(batch) {
      const columns = batch.form === 'columns' ? batch : rowsToColumns(batch.rows, fields, rowsBefore + 1)
      rowsBefore += columns.rows
      yield* through(0, columns)
    },
  }
}

/** Header of a result without rows behind code that declares nothing: the columns that came in, and names that are selected. */
function fieldsOfNothing(steps: readonly TransformStep[], fields: readonly Field[]): readonly Field[] {
  return steps.reduce<readonly Field[]>((known, step) => {
    if (step.kind === 'map' && step.fields !== undefined) return declaredFields(step.fields, known, step.path)
    if (step.kind !== 'select') return known
    return step.names.map(
      (name): Field =>
        known.find((field) => field.name === name) ?? { name, type: { kind: 'text' }, nullable: true },
    )
  }, fields)
}
