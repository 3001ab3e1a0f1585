import { fault } from '@bulkhead/contract'
import { shapeOf, type FileShape } from './file-shape.ts'

/** What a user names on the command line to copy from or to. */
export type Endpoint = PostgresEndpoint | ObjectEndpoint | FileEndpoint

export interface PostgresEndpoint {
  readonly kind: 'postgres'
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly tlsMode: string | undefined
  /** From `?query=` or `?table=`. */
  readonly query: string | undefined
}

export interface ObjectEndpoint {
  readonly kind: 's3'
  readonly bucket: string
  /** Ends with `/` when it is not empty. */
  readonly prefix: string
  readonly fileName: string
  readonly shape: FileShape | undefined
}

export interface FileEndpoint {
  readonly kind: 'file'
  /** As it was given. */
  readonly path: string
  readonly shape: FileShape | undefined
}

/**
 * Reads FROM or TO of `copy`. No message repeats the text: it may hold a password.
 * @param which  for messages: `FROM` or `TO`
 * @throws BulkheadError `url-credentials-refused`, `usage`
 */
export function readEndpoint(text: string, which: 'FROM' | 'TO'): Endpoint {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/su.exec(text)
  if (match === null) {
    if (text === '' || text === '-')
      throw fault('usage', `${which} is no file`, { path: which, fix: 'Name a file, or a URL' })
    return { kind: 'file', path: text, shape: shapeOf(text) }
  }
  const scheme = (match[1] ?? '').toLowerCase()
  const rest = match[2] ?? ''
  refuseCredentials(rest, scheme, which)
  if (scheme === 'postgres' || scheme === 'postgresql') return readPostgres(rest, which)
  if (scheme === 's3') return readObject(rest, which)
  throw fault('usage', `${which} has a scheme that copy does not know: ${scheme}`, {
    path: which,
    fix: 'Give postgres://user@host/database, s3://bucket/key, or a file; other systems need an application with a connection',
  })
}

/** A command line is seen by every user of the machine, and kept in the history of the shell. */
function refuseCredentials(rest: string, scheme: string, which: string): void {
  const authority = /^[^/?#]*/u.exec(rest)?.[0] ?? ''
  const userInfo = authority.includes('@') ? authority.slice(0, authority.lastIndexOf('@')) : ''
  const parameters = rest.includes('?') ? rest.slice(rest.indexOf('?') + 1) : ''
  const inParameters = /(?:^|&)(?:password|pass|secret\w*|token|access_?key\w*|x-amz-\w+)=/iu.test(
    parameters.replace(/(?:^|&)query=.*$/su, ''),
  )
  if (!userInfo.includes(':') && !(scheme === 's3' && userInfo !== '') && !inParameters) return
  const variables = scheme === 's3' ? 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY' : 'PGPASSWORD'
  throw fault('url-credentials-refused', `${which} holds credentials in its URL`, {
    path: which,
    fix: `Take them out of the URL and set ${variables}; change what has been on a command line`,
  })
}

function readPostgres(rest: string, which: string): PostgresEndpoint {
  const [, authority = '', database = '', parameterText = ''] =
    /^([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/su.exec(rest) ?? []
  const at = authority.lastIndexOf('@')
  const address = /^(\[[^\]]+\]|[^:]*)(?::(\d+))?$/u.exec(authority.slice(at + 1))
  const user = at < 0 ? '' : decode(authority.slice(0, at))
  const host = (address?.[1] ?? '').replace(/^\[|\]$/g, '')
  const port = Number(address?.[2] ?? 5432)
  if (user === '' || host === '' || database === '' || database.includes('/') || port < 1 || port > 65_535)
    throw fault('usage', `${which} is no address of a PostgreSQL database`, {
      path: which,
      fix: 'Write postgres://user@host:5432/database?query=SELECT ...',
    })
  const parameters = readParameters(parameterText)
  const { query, table, sslmode, ...others } = parameters
  const unknown = Object.keys(others)[0]
  if (unknown !== undefined || (query !== undefined && table !== undefined))
    throw fault(
      'usage',
      unknown === undefined
        ? `${which} has both table and query`
        : `${which} has an unknown parameter: ${unknown}`,
      { path: which, fix: 'Use sslmode, and table or query; query stands last' },
    )
  return {
    kind: 'postgres',
    host,
    port,
    database: decode(database),
    user,
    tlsMode: sslmode === undefined ? undefined : readTlsMode(sslmode, which),
    query: query ?? (table === undefined ? undefined : `SELECT * FROM ${quoteTable(table)}`),
  }
}

/** `query=` takes all that follows it: SQL has `&` and `=` of its own. */
function readParameters(text: string): Readonly<Record<string, string | undefined>> {
  const parameters: Record<string, string> = {}
  const query = /(?:^|&)query=(.*)$/su.exec(text)
  if (query !== null) parameters['query'] = decode(query[1] ?? '')
  for (const pair of text
    .slice(0, query?.index ?? text.length)
    .split('&')
    .filter((part) => part !== '')) {
    const [name = '', value = ''] = pair.split('=', 2)
    parameters[name.toLowerCase()] = decode(value)
  }
  return parameters
}

function readTlsMode(mode: string, which: string): string {
  if (['disable', 'require', 'verify-ca', 'verify-full'].includes(mode)) return mode
  throw fault('usage', `${which} has an unknown sslmode: ${mode}`, {
    path: which,
    fix: 'Use disable, require, verify-ca or verify-full; left out, loopback is reached in clear and every other host by verify-full',
  })
}

/** `schema.table` as identifiers: nothing in it can become SQL. */
function quoteTable(table: string): string {
  return table
    .split('.')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.')
}

function readObject(rest: string, which: string): ObjectEndpoint {
  const slash = rest.indexOf('/')
  const bucket = slash < 0 ? rest : rest.slice(0, slash)
  const key = slash < 0 ? '' : rest.slice(slash + 1)
  const fileName = key.slice(key.lastIndexOf('/') + 1)
  if (bucket === '' || fileName === '')
    throw fault('usage', `${which} names no object`, {
      path: which,
      fix: 'Write s3://bucket/folder/file.csv',
    })
  return {
    kind: 's3',
    bucket,
    prefix: key.slice(0, key.length - fileName.length),
    fileName,
    shape: shapeOf(fileName),
  }
}

/** Percent-encoding where it is one; text that only looks like it stays. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
