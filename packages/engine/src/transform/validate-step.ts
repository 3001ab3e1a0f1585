import type { Field, Row, Value } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js'
import { rowReader } from './columns-to-rows.ts'
import { gatherRows } from './gather-rows.ts'
import type { RejectedRow, RunningStep } from './step.ts'

/**
 * Compiles the schema of a `validate` step. `format` is an annotation, as JSON Schema 2020-12 has it.
 *
 * @throws BulkheadError `manifest-invalid`
 */
export async function compileSchema(schema: unknown, path: string): Promise<ValidateFunction> {
  const { Ajv2020 } = await import('ajv/dist/2020.js')
  try {
    return new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false }).compile(
      schema as object,
    )
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw fault('manifest-invalid', `The schema of a validate step cannot be used: ${reason}`, {
      path,
      cause,
    })
  }
}

/**
 * Checks each row, as JSON Lines shows it, against a schema. Numbers that JavaScript cannot hold
 * exactly are compared by their nearest value.
 *
 * @throws BulkheadError `validation-failed` while it runs, when invalid rows are not to be left out
 */
export function validateRows(
  valid: ValidateFunction,
  onInvalid: 'fail' | 'skip',
  inputs: readonly Field[],
  path: string,
): RunningStep {
  let rowsBefore = 0
  return {
    fields: inputs,
    async *apply(batch) {
      const read = rowReader(inputs, batch)
      const kept: number[] = []
      const rejected: RejectedRow[] = []
      for (let row = 0; row < batch.rows; row++) {
        if (valid(jsonObject(inputs, read(row))) === true) {
          kept.push(row)
          continue
        }
        const rowNumber = rowsBefore + row + 1
        const reason = describe(valid.errors?.[0])
        if (onInvalid === 'fail')
          throw fault('validation-failed', `Row ${rowNumber} does not match its schema: ${reason}`, { path })
        rejected.push({ row: rowNumber, reason })
      }
      rowsBefore += batch.rows
      yield { batch: kept.length === batch.rows ? batch : gatherRows(batch, kept), rejected }
    },
  }
}

/** The column and the rule, and nothing that stands in the row: keys of a nested value are data too. */
function describe(error: ErrorObject | undefined): string {
  const [, column] = (error?.instancePath ?? '').split('/')
  const rule = error?.message ?? 'it is not valid'
  return column === undefined
    ? rule
    : `column "${column.replaceAll('~1', '/').replaceAll('~0', '~')}" ${rule}`
}

function jsonObject(fields: readonly Field[], row: Row): object {
  return Object.fromEntries(fields.map((field) => [field.name, jsonValue(field, row[field.name] ?? null)]))
}

function jsonValue({ type }: Field, value: Value): unknown {
  if (value === null) return null
  switch (type.kind) {
    case 'boolean':
    case 'text':
    case 'date':
      return value
    case 'integer':
    case 'float':
    case 'decimal': {
      const number = Number(value)
      return Number.isFinite(number) ? number : String(value)
    }
    case 'timestamp':
      return (value as string).replace(' ', 'T').replace(/\+00(?= BC$|$)/, '+00:00')
    case 'binary':
      return `\\x${Buffer.from(value as Uint8Array).toString('hex')}`
    case 'json':
      return JSON.parse(value as string) as unknown
  }
  return type satisfies never
}
