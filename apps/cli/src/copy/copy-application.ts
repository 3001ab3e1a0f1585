import { basename, dirname, resolve } from 'node:path'
import { isPackedInside } from '@bulkhead/connector-sdk'
import type { ApplicationManifest } from '@bulkhead/contract'
import { apiVersion, fault } from '@bulkhead/contract'
import type { Endpoint, FileEndpoint, ObjectEndpoint, PostgresEndpoint } from './endpoint.ts'
import type { FileShape } from './file-shape.ts'

/** An application that copies once: what a user would have written, from one command line. */
export interface CopyApplication {
  /** As JSON it is an application.yaml. */
  readonly manifest: {
    readonly apiVersion: ApplicationManifest['apiVersion']
    readonly kind: 'Application'
    readonly metadata: { readonly name: typeof COPY_NAME }
    readonly spec: Readonly<Record<string, unknown>>
  }
  /** Secrets by the names that the manifest gives them, out of documented variables. */
  readonly secrets: Readonly<Record<string, string>>
  /** Name of the result below the folder or prefix of the store. */
  readonly target: string
}

export const COPY_NAME = 'copy'
export const COPY_JOB = 'copy'

export interface CopyQuestion {
  readonly from: Endpoint
  readonly to: Endpoint
  /** `--query`. */
  readonly query: string | undefined
  /** Folder that relative paths start from. */
  readonly folder: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/**
 * Decides how to copy. Pure.
 * @throws BulkheadError `usage`, `secret-not-found`
 */
export function copyApplication(question: CopyQuestion): CopyApplication {
  const { to } = question
  if (to.kind === 'postgres')
    throw fault('usage', 'A database cannot be copied to', {
      path: 'TO',
      fix: 'Copy to a file, or to s3://bucket/key; loading a database needs an application',
    })
  const secrets: Record<string, string> = {}
  const source = sourceOf(question, to, secrets)
  const store = storeOf(to, question, secrets)
  return {
    manifest: {
      apiVersion,
      kind: 'Application',
      metadata: { name: COPY_NAME },
      spec: {
        owner: 'whoever runs the command',
        connections: source.connections,
        stores: { to: store },
        jobs: {
          [COPY_JOB]: {
            source: { connection: source.connection, query: source.query },
            output: source.output,
          },
        },
        policy: { limits: { time: 'P7D', temporary: '1TiB' } },
      },
    },
    secrets,
    target: targetOf(to),
  }
}

interface CopySource {
  readonly connections: Readonly<Record<string, unknown>>
  readonly connection: string
  readonly query: unknown
  readonly output: Readonly<Record<string, unknown>>
}

type Target = FileEndpoint | ObjectEndpoint

function sourceOf(question: CopyQuestion, to: Target, secrets: Record<string, string>): CopySource {
  const { from, query } = question
  if (from.kind === 'postgres') return postgresSource(from, question, to, secrets)
  const connections = { from: connectionOf(from, question, secrets) }
  const asItIs = query === undefined && sameContent(from.shape, to.shape)
  if (asItIs)
    return {
      connections,
      connection: 'from',
      query: from.kind === 's3' ? { key: from.fileName } : { path: basename(from.path) },
      output: { format: 'binary', compression: packing(from.shape, to.shape) },
    }
  const { shape } = from
  if (shape === undefined)
    throw fault('usage', 'The ending of FROM does not say what it holds', {
      path: 'FROM',
      fix: 'Use a file that ends with .csv, .jsonl or .parquet, with .gz or .zst behind it; without one a file is copied as it is to a name with the same ending',
    })
  if (shape.format === 'avro' || shape.format === 'xlsx')
    throw fault('usage', `A file of ${shape.format} can be written, and not read`, {
      path: 'FROM',
      fix: 'Without --query it is copied as it is to a name with the same ending',
    })
  const format = shape.format === 'json' ? 'jsonl' : shape.format
  // Text that stays text is not to be taken for numbers on its way.
  const csv = shape.format === 'csv' && to.shape?.format === 'csv' && query === undefined
  const table = {
    ...(from.kind === 's3'
      ? { connection: 'from', fetch: { key: from.fileName } }
      : { path: basename(from.path) }),
    ...(from.kind === 's3' && { format }),
    ...(csv && { csv: { allText: true } }),
  }
  const folder = from.kind === 's3' ? {} : { folder: dirname(resolve(question.folder, from.path)) }
  return {
    connections: {
      ...(from.kind === 's3' && connections),
      rows: {
        connector: 'duckdb@^1',
        config: { ...folder, files: { input: table }, memoryLimit: '1GiB', spillLimit: '1TiB' },
      },
    },
    connection: 'rows',
    query: query ?? 'SELECT * FROM input',
    output: outputOf(to),
  }
}

function postgresSource(
  from: PostgresEndpoint,
  { query, environment }: CopyQuestion,
  to: Target,
  secrets: Record<string, string>,
): CopySource {
  if (query !== undefined && from.query !== undefined)
    throw fault('usage', 'There are two queries', {
      path: '--query',
      fix: 'Give it in the URL, or by --query',
    })
  const wanted = query ?? from.query
  if (wanted === undefined)
    throw fault('usage', 'Nothing says what to read from the database', {
      path: 'FROM',
      fix: 'Add ?table=schema.name or ?query=SELECT ... to the URL, or give --query',
    })
  const password = environment['PGPASSWORD'] ?? ''
  if (password !== '') secrets['from-password'] = password
  return {
    connections: {
      from: {
        connector: 'postgres@^1',
        config: {
          host: from.host,
          port: from.port,
          database: from.database,
          user: from.user,
          ...(password !== '' && { password: { secret: 'from-password' } }),
          ...(from.tlsMode !== undefined && { tls: { mode: from.tlsMode } }),
        },
        limits: { queryTimeout: 'P7D' },
      },
    },
    connection: 'from',
    query: wanted,
    output: outputOf(to),
  }
}

function connectionOf(from: Target, question: CopyQuestion, secrets: Record<string, string>): unknown {
  if (from.kind === 's3') return s3Of(from, question, secrets)
  return { connector: 'files@^1', config: { folder: dirname(resolve(question.folder, from.path)) } }
}

function storeOf(to: Target, question: CopyQuestion, secrets: Record<string, string>): unknown {
  if (to.kind === 's3') return s3Of(to, question, secrets)
  return { connector: 'files@^1', config: { folder: dirname(resolve(question.folder, to.path)) } }
}

/** Settings of a bucket, out of the variables that the AWS tools read. */
function s3Of(
  object: ObjectEndpoint,
  { environment }: CopyQuestion,
  secrets: Record<string, string>,
): unknown {
  const read = (...names: readonly string[]): string | undefined =>
    names.map((name) => environment[name]).find((value) => value !== undefined && value !== '')
  const region = read('AWS_REGION', 'AWS_DEFAULT_REGION')
  const endpoint = read('AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL')
  const place = {
    bucket: object.bucket,
    prefix: object.prefix,
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
  }
  const accessKeyId = read('AWS_ACCESS_KEY_ID')
  const secretAccessKey = read('AWS_SECRET_ACCESS_KEY')
  const sessionToken = read('AWS_SESSION_TOKEN')
  if (accessKeyId === undefined && environment['BULKHEAD_S3_MACHINE_IDENTITY'] === 'allow')
    return { connector: 's3@^1', config: { ...place, identity: 'machine' } }
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw fault('secret-not-found', 'No key for S3 is set', {
      path: object.prefix + object.fileName,
      fix: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; BULKHEAD_S3_MACHINE_IDENTITY=allow uses the role of this machine',
    })
  secrets['s3-key'] = secretAccessKey
  if (sessionToken !== undefined) secrets['s3-session'] = sessionToken
  return {
    connector: 's3@^1',
    config: {
      ...place,
      accessKeyId,
      secretAccessKey: { secret: 's3-key' },
      ...(sessionToken !== undefined && { sessionToken: { secret: 's3-session' } }),
    },
  }
}

function outputOf(to: Target): Readonly<Record<string, unknown>> {
  if (to.shape === undefined || to.shape.format === 'json')
    throw fault('usage', 'The ending of TO is no format that can be written', {
      path: 'TO',
      fix: 'End it with .csv, .jsonl, .parquet, .avro or .xlsx, and .gz or .zst behind the first two',
    })
  const { format, compression } = to.shape
  return { format, ...(!isPackedInside(format) && { compression }), fileName: targetOf(to) }
}

/** Whether a file can be copied as it is: the same content, at most packed on the way. */
function sameContent(from: FileShape | undefined, to: FileShape | undefined): boolean {
  if (from === undefined || to === undefined) return from === to
  return from.format === to.format && (from.compression === to.compression || from.compression === 'none')
}

function packing(from: FileShape | undefined, to: FileShape | undefined): FileShape['compression'] {
  return from?.compression === to?.compression ? 'none' : (to?.compression ?? 'none')
}

function targetOf(to: Target): string {
  return to.kind === 's3' ? to.fileName : basename(to.path)
}
