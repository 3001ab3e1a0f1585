import { TextDecoder } from 'node:util'
import { answered, call, type Connection } from '../connection.ts'
import { athenaError } from '../errors.ts'
import type { FinishedQuery } from '../execution/run-query.ts'
import { CsvRecords, type TextRecord } from './csv-records.ts'
import { readObject } from './read-object.ts'

/** Most rows that Athena puts into a page. */
const pageRows = 1000

/** The result object in S3, as records without the names of the columns. */
export async function* objectRecords(
  connection: Connection,
  { location }: FinishedQuery,
  columns: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<readonly TextRecord[]> {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const csv = new CsvRecords()
  let header = true
  const withoutHeader = (records: readonly TextRecord[]): readonly TextRecord[] => {
    const [first] = records
    if (!header || first === undefined) return records
    header = false
    if (isHeader(first, columns)) return records.slice(1)
    throw athenaError('athena-protocol', 'The result in S3 does not begin with the names of its columns')
  }
  for await (const bytes of readObject(connection, location ?? '', signal))
    yield withoutHeader(csv.feed(decoded(text, bytes)))
  yield withoutHeader(csv.feed(decoded(text)))
  yield withoutHeader(csv.end())
}

/** The result page by page, as records without the names of the columns. */
export async function* pageRecords(
  { athena, sdk }: Connection,
  { id, hasHeader }: FinishedQuery,
  columns: readonly string[],
  maxRows: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<readonly TextRecord[]> {
  // the names of the columns count as a row
  const MaxResults = Math.min(pageRows, (maxRows ?? pageRows) + 1)
  let NextToken: string | undefined
  let first = true
  do {
    const token = NextToken === undefined ? {} : { NextToken }
    const answer = await call({ doing: 'read a page of the result' }, signal, (options) =>
      athena.send(new sdk.GetQueryResultsCommand({ QueryExecutionId: id, MaxResults, ...token }), options),
    )
    const rows = answered(answer.ResultSet?.Rows, 'rows').map(({ Data = [] }) =>
      Data.map(({ VarCharValue }) => VarCharValue ?? null),
    )
    const [names] = rows
    yield first && hasHeader && names !== undefined && isHeader(names, columns) ? rows.slice(1) : rows
    first = false
    NextToken = answer.NextToken
  } while (NextToken !== undefined)
}

function isHeader(record: TextRecord, columns: readonly string[]): boolean {
  return record.length === columns.length && record.every((name, index) => name === columns[index])
}

function decoded(text: TextDecoder, bytes?: Uint8Array): string {
  try {
    return bytes === undefined ? text.decode() : text.decode(bytes, { stream: true })
  } catch (error) {
    throw athenaError('athena-protocol', 'The result in S3 is not in UTF-8', { cause: error })
  }
}
