import {
  checkSqlParameters,
  parseSqlText,
  type Field,
  type LogicalType,
  type Row,
  type Source,
  type Value,
} from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import { declaredFields } from '@bulkhead/engine/transform/field-types'

type PlainRow = Readonly<Record<string, unknown>>

/**
 * A source that binds the query and does not run it: its rows are those of a fixture.
 * @param types  types of columns that the values alone do not tell, by the names of `map` files
 */
export function fixtureSource(
  rows: readonly PlainRow[],
  types: Readonly<Record<string, string>> = {},
): Source {
  const fields = fieldsOf(rows, types)
  const typed = rows.map((row) => typedRow(row, fields))
  return {
    check: () => Promise.resolve('a fixture'),
    prepare(read) {
      if (typeof read.query === 'string') checkSqlParameters(parseSqlText(read.query), read.parameters)
      return Promise.resolve({
        fields,
        consistency: 'snapshot',
        async *read(signal) {
          const most = Math.min(typed.length, read.maxRows ?? typed.length)
          for (let start = 0; start < most; start += read.batchRows) {
            signal.throwIfAborted()
            yield { form: 'rows', rows: typed.slice(start, Math.min(most, start + read.batchRows)) }
          }
        },
        [Symbol.asyncDispose]: () => Promise.resolve(),
      })
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

/** Columns in the order in which rows first name them. */
function fieldsOf(rows: readonly PlainRow[], types: Readonly<Record<string, string>>): readonly Field[] {
  const names = [...new Set([...rows.flatMap((row) => Object.keys(row)), ...Object.keys(types)])]
  const declared = Object.keys(types).length === 0 ? [] : declaredFields(types, [], 'source.types')
  return names.map(
    (name): Field =>
      declared.find((field) => field.name === name) ?? {
        name,
        type: typeOf(rows.map((row) => row[name]).filter((value) => value !== null && value !== undefined)),
        nullable: true,
      },
  )
}

function typeOf(values: readonly unknown[]): LogicalType {
  if (values.length === 0) return { kind: 'text' }
  if (values.every((value) => typeof value === 'boolean')) return { kind: 'boolean' }
  if (values.every((value) => typeof value === 'number'))
    return values.every((value) => Number.isSafeInteger(value))
      ? { kind: 'integer', bits: 64 }
      : { kind: 'float', bits: 64 }
  return values.some((value) => typeof value === 'object') ? { kind: 'json' } : { kind: 'text' }
}

function typedRow(row: PlainRow, fields: readonly Field[]): Row {
  return Object.fromEntries(fields.map(({ name, type }) => [name, typedValue(row[name] ?? null, type, name)]))
}

/** A value of YAML or JSON as a source of that type would give it. */
function typedValue(value: unknown, type: LogicalType, name: string): Value {
  if (value === null) return null
  switch (type.kind) {
    case 'integer':
      if (typeof value === 'number' || typeof value === 'string') return integer(value, type, name)
      break
    case 'float':
      if (typeof value === 'number') return value
      if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value)
      break
    case 'boolean':
      if (typeof value === 'boolean') return value
      break
    case 'json':
      return typeof value === 'string' ? value : JSON.stringify(value)
    case 'binary':
      if (typeof value === 'string') return Buffer.from(value, 'base64')
      break
    case 'decimal':
    case 'text':
    case 'date':
    case 'timestamp':
      if (typeof value === 'string') return value
      if (typeof value === 'number' || typeof value === 'boolean') return String(value)
      break
  }
  throw unfit(name, type)
}

function integer(value: number | string, type: LogicalType & { kind: 'integer' }, name: string): Value {
  try {
    return type.bits === 64 ? BigInt(value) : Number(BigInt(value))
  } catch (cause) {
    throw unfit(name, type, cause)
  }
}

function unfit(name: string, { kind }: LogicalType, cause?: unknown): Error {
  return fault(
    'manifest-invalid',
    `A row of the fixture has a value in column "${name}" that is no ${kind}`,
    {
      path: 'source.rows',
      fix: 'Correct the value, or name the type under source.types',
      cause,
    },
  )
}
