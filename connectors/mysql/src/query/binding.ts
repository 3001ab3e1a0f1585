import type { ParameterValue, Value } from '@bulkhead/connector-sdk'
import { mysqlError } from '../errors.ts'
import { type BoundValue, lengthEncodedBytes, parameterType } from '../wire/client-packets.ts'

/** Parameters of a prepared statement: values travel apart from the SQL, and never become part of it. */
export interface Binding {
  /** What stands in the query for `:name`: one mark, or one for each value of a list. */
  readonly replacement: (name: string) => string
  /** The values of all marks, in the order of the marks. */
  readonly values: readonly BoundValue[]
}

/** Most marks that the server takes in one statement. */
const maxMarks = 65_535

/** Rows of none: what the list of `IN ()` would be, which the grammar does not know. */
const emptyList = 'SELECT NULL FROM DUAL WHERE FALSE'

/**
 * @param uses    names in the order of their uses, repeated when used again
 * @param values  checked: each name has one
 * @throws BulkheadError `mysql-parameter-invalid`
 */
export function bindParameters(
  uses: readonly string[],
  values: Readonly<Record<string, ParameterValue>>,
): Binding {
  const bound: BoundValue[] = []
  for (const name of uses) {
    const value = values[name] ?? null
    const items = isList(value) ? value : [value]
    for (const item of items) bound.push(bind(name, item))
    if (bound.length > maxMarks)
      throw mysqlError('mysql-parameter-invalid', `The parameters have more than ${maxMarks} values in all`, {
        path: `parameters.${name}`,
        fix: 'Give fewer values, or one JSON text for JSON_TABLE',
      })
  }
  return {
    values: bound,
    replacement: (name) => {
      const value = values[name] ?? null
      if (!isList(value)) return '?'
      return value.length === 0 ? emptyList : value.map(() => '?').join(', ')
    },
  }
}

function isList(value: ParameterValue): value is readonly Value[] {
  return Array.isArray(value)
}

function bind(name: string, value: Value): BoundValue {
  if (value === null) return { type: parameterType.null, unsigned: false, bytes: undefined }
  if (typeof value === 'boolean')
    return { type: parameterType.tiny, unsigned: false, bytes: Buffer.of(value ? 1 : 0) }
  if (typeof value === 'bigint') return bindInteger(value)
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? bindInteger(BigInt(value)) : bindDouble(name, value)
  if (typeof value === 'string')
    return { type: parameterType.text, unsigned: false, bytes: textBytes(name, value) }
  return { type: parameterType.blob, unsigned: false, bytes: lengthEncodedBytes(value) }
}

function bindInteger(value: bigint): BoundValue {
  const bytes = Buffer.alloc(8)
  if (BigInt.asIntN(64, value) === value) bytes.writeBigInt64LE(value)
  else if (BigInt.asUintN(64, value) === value) bytes.writeBigUInt64LE(value)
  else {
    const digits = lengthEncodedBytes(Buffer.from(String(value), 'latin1'))
    return { type: parameterType.decimal, unsigned: false, bytes: digits }
  }
  return { type: parameterType.bigint, unsigned: value > 0x7fff_ffff_ffff_ffffn, bytes }
}

function bindDouble(name: string, value: number): BoundValue {
  if (!Number.isFinite(value))
    throw mysqlError('mysql-parameter-invalid', `The parameter ${name} is no finite number`, {
      path: `parameters.${name}`,
    })
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return { type: parameterType.double, unsigned: false, bytes }
}

function textBytes(name: string, text: string): Buffer {
  if (!text.isWellFormed())
    throw mysqlError('mysql-parameter-invalid', `The parameter ${name} holds half of a character`, {
      path: `parameters.${name}`,
      fix: 'Leave out single halves of surrogate pairs',
    })
  return lengthEncodedBytes(Buffer.from(text, 'utf8'))
}
