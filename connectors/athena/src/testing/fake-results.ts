/** Results of the made-up Athena: as pages of its API, and as objects in a real S3 server. */
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import type { TestBucket } from '../../../../test/support/s3.ts'

export interface FakeColumn {
  readonly name: string
  readonly type: string
  readonly precision?: number
  readonly scale?: number
}

/** What a query answers. */
export interface FakeQuery {
  readonly columns?: readonly FakeColumn[]
  readonly rows?: readonly (readonly (string | null)[])[]
  /** How often it is asked for before it ends: default twice, then it was queued and running. */
  readonly polls?: number
  /** State until it ends; default: QUEUED, then RUNNING. */
  readonly meanwhile?: string
  /** `FAILED` with a reason, or stopped by somebody else. */
  readonly fails?: { readonly reason: string; readonly category?: number; readonly retryable?: boolean }
  readonly cancelled?: true
  /** Default DML, whose result is CSV with the names of its columns. */
  readonly statementType?: 'DDL' | 'UTILITY'
  /** What UNLOAD writes, by name. */
  readonly files?: Readonly<Record<string, Buffer>>
  /** Where it says the result is, when not where it put it. */
  readonly location?: string | null
}

/** A page of the rows, with the names of the columns first. */
export function resultPage(
  { columns = [], rows = [], statementType }: FakeQuery,
  input: Readonly<Record<string, unknown>>,
): object {
  const header = statementType === undefined ? [columns.map(({ name }) => name)] : []
  const from = Number(input['NextToken'] ?? 0)
  const to = from + Math.min(1000, Number(input['MaxResults'] ?? 1000))
  const all = header.length + rows.length
  const taken = [
    ...header.slice(from, to),
    ...rows.slice(Math.max(0, from - header.length), to - header.length),
  ]
  return {
    ResultSet: {
      Rows: taken.map((row) => ({
        Data: row.map((value) => (value === null ? {} : { VarCharValue: value })),
      })),
      ResultSetMetadata: {
        ColumnInfo: columns.map(({ name, type, precision = 0, scale = 0 }) => ({
          Name: name,
          Type: type,
          Precision: precision,
          Scale: scale,
        })),
      },
    },
    ...(to < all ? { NextToken: String(to) } : {}),
  }
}

/** Writes the files of UNLOAD, and their list. @returns where the list is; undefined for another statement */
export async function putUnloaded(
  s3: S3Client,
  bucket: TestBucket,
  { id, sql, query }: { readonly id: string; readonly sql: string; readonly query: FakeQuery },
): Promise<string | undefined> {
  const folder = /^UNLOAD \([^]*\n\)\nTO 's3:\/\/[^/]+\/([^']+)'/.exec(sql)?.[1]
  if (folder === undefined) return undefined
  const key = `results/${id}-manifest.csv`
  const list = Object.keys(query.files ?? {}).map((name) => `s3://${bucket.bucket}/${folder}${name}\n`)
  for (const [Key, Body] of [
    ...Object.entries(query.files ?? {}).map(([name, file]) => [folder + name, file] as const),
    [key, Buffer.from(list.join(''))] as const,
  ])
    await s3.send(new PutObjectCommand({ Bucket: bucket.bucket, Key, Body, ContentLength: Body.length }))
  return `s3://${bucket.bucket}/${key}`
}

/** As Athena writes it: every value in quotes, null as nothing. */
export async function putResult(
  s3: S3Client,
  bucket: TestBucket,
  id: string,
  query: FakeQuery,
): Promise<string> {
  const { columns = [], rows = [] } = query
  const line = (values: readonly (string | null)[]): string =>
    `${values.map((value) => (value === null ? '' : `"${value.replaceAll('"', '""')}"`)).join(',')}\n`
  const Key = `results/${id}.csv`
  const Body = Buffer.from([columns.map(({ name }) => name), ...rows].map(line).join(''))
  await s3.send(new PutObjectCommand({ Bucket: bucket.bucket, Key, Body, ContentLength: Body.length }))
  return `s3://${bucket.bucket}/${Key}`
}
