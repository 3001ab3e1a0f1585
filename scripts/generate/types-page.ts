import { logicalTypeNames, type LogicalTypeName, type SystemType } from '@bulkhead/connector-sdk'
import { fileFormats } from '@bulkhead/engine/format/file-format'
import {
  keptTypes,
  specialValues,
  type SheetCell,
  type SpecialValue,
  type TableFormat,
} from '@bulkhead/engine/format/type-table'
import type { DescribedConnector } from './connector-manifests.ts'
import { generatedNote, table } from './markdown.ts'

const formats: readonly TableFormat[] = ['csv', 'jsonl', 'parquet', 'avro', 'xlsx']
const titles = formats.map((format) => fileFormats[format].title)

/** The reference of types: what becomes of every type of every system in every format. */
export function typesPage(connectors: readonly DescribedConnector[]): string {
  const own = connectors.flatMap(({ manifest: { name, types } }) =>
    types === undefined ? [] : [`## Types of ${name}\n${systemTable(types)}`],
  )
  return `${generatedNote}
# Types

A connector says of each column which logical type it has; the format decides by that alone how a value is kept. Nothing is rounded, cut or
guessed on the way: what a format cannot keep fails the run with the column and the row, or is text where the table says so. The tests of the
formats hold these tables against the files.

## Logical types in every format
CSV and JSON Lines have the value itself, here an example; Parquet and Avro state a type for the column; Excel decides cell by cell.

${table(
  ['Logical type', ...titles],
  logicalTypeNames.map((name) => [name, ...cellsOf(name)]),
)}

- \`decimal(p,s)\` has a precision and a scale, \`decimal\` has none. Beyond 38 digits Parquet and Avro keep the first as text too. A negative scale is
  kept as 0, and the precision grows with it.
- \`timestamp\` has no time zone, \`instant\` is one moment and always in UTC. Both have microseconds.
- Booleans of CSV read as the source writes them: PostgreSQL says \`t\` and \`f\`. JSON is one line in JSON Lines.
- A column that may be null, which is every one unless its source knows better, is a union with \`null\` in Avro.

## Values that not every format has
An error names the column and the row.

${table(['Value', ...titles], specialValues.map(specialRow))}

## Avro
Object container files of version 1.12, one record named \`Row\`. \`compression: gzip\`, the default, is the codec \`deflate\`, which every reader has; \`zstd\` is
\`zstandard\`, which is faster and smaller and optional for readers. Names of Avro are ASCII letters, digits and underscores, and begin with no digit: in
other names each other character becomes an underscore, one more comes before a leading digit, and the field has the name of the column as its property
\`originalName\`. Two columns that would have one name are refused. Unsigned integers of 64 bits are \`decimal(20,0)\`, because Avro has none.

## Excel
A workbook with one sheet, its first row the names of the columns. \`compression: gzip\`, the default, is the deflate of ZIP. Excel shows 15 digits of a number: what has more is
text. Decimals of a type with a scale show all its digits. Dates are dates of Excel from 1900-03-01, where all programs count alike, to 9999-12-31; others are text. Instants are in
UTC and shown with a Z. Excel shows milliseconds; until 2079-06-04 the cell holds the microseconds too. A null is an empty cell. Text is always text, never a formula, whatever it
begins with. Characters that XML cannot have are written as \`_xHHHH_\`, which Excel reads as the character. A sheet has at most 1,048,575 rows below the names, 16,384 columns, and
32,767 characters in a cell: more is an error, too many columns before the first row. \`output.split\` begins a new file where a sheet is full.

${own.join('\n\n')}
`
}

function cellsOf(name: LogicalTypeName): string[] {
  const { type, csv, jsonl, parquet, avro, xlsx } = keptTypes[name]
  // The example has one precision, the line is about all of them.
  const stated = (text: string): string =>
    type.kind === 'decimal' ? text.replace(`(${type.precision},${type.scale})`, '(p,s)') : text
  return [code(csv), code(jsonl), stated(parquet), stated(avro), sheetText(name, xlsx)]
}

/** The cell of an ordinary value, with what the table of special values has about others. */
function sheetText(name: LogicalTypeName, cell: SheetCell): string {
  if (name === 'int64' || name === 'uint64' || name.startsWith('decimal'))
    return 'number up to 15 digits, else text'
  return cell === 'date' || cell.startsWith('date and time') ? `${cell}, else text` : cell
}

function specialRow({ title, csv, jsonl, parquet, avro, xlsx }: SpecialValue): string[] {
  return [title, example(csv), example(jsonl), outcome(parquet), outcome(avro), outcome(xlsx)]
}

function example(text: string): string {
  return text === '' ? 'nothing' : text.length > 60 ? 'kept' : code(text)
}

function outcome(text: string): string {
  return text.includes('-') ? `error [${text}](errors.md#${text})` : text
}

function systemTable(types: readonly SystemType[]): string {
  const noted = types.some(({ note }) => note !== undefined)
  return table(
    ['Type', 'Becomes', ...titles, ...(noted ? ['Note'] : [])],
    types.map(({ system, becomes, note }) => [
      system.map(code).join(', '),
      becomes === 'refused' ? '**refused**' : becomes,
      ...(becomes === 'refused' ? titles.map(() => '') : cellsOf(becomes)),
      ...(noted ? [note ?? ''] : []),
    ]),
  )
}

function code(text: string): string {
  return `\`${text}\``
}
