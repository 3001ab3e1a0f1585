import type { ConnectionLimits, Field, ReadRequest } from '@bulkhead/connector-sdk'
import { type Db, MongoServerError } from 'mongodb'
import { type Column, type Columns, fieldsOf } from './columns/column.ts'
import { discoverColumns } from './columns/discover.ts'
import { pathTree } from './columns/path-tree.ts'
import type { Config } from './config.ts'
import { mongodbError } from './errors.ts'
import {
  checkParallel,
  type CommandOptions,
  commandOf,
  type Selection,
  selectionOf,
} from './query/command.ts'
import type { FieldDeclaration, Query } from './query/query.ts'
import { readQuery } from './query/read-query.ts'
import type { BsonDocument } from './query/to-bson.ts'
import type { Answer } from './read/answer.ts'
import { DocumentCursor, firstDocuments } from './read/document-cursor.ts'
import { findRanges } from './read/ranges.ts'
import { readPreferenceOf } from './server/client-options.ts'
import { type ErrorScope, serverError } from './server/server-error.ts'

/** Answers of the server are of about this size: large enough for a long way, small enough to hold several. */
const answerBytes = 512 * 1024
const leastAnswerBytes = 64 * 1024
/** Most of the documents that are held to discover columns. */
const discoverBytes = 8 * 1024 * 1024

/** A query that is understood, before any server is asked. */
export interface CheckedRead {
  readonly query: Query
  readonly selection: Selection
  /** Connections that it needs at once. */
  readonly connections: number
  readonly scope: ErrorScope
}

/** A read of which everything is known but the rows. */
export interface PreparedRead {
  readonly columns: Columns
  readonly fields: readonly Field[]
  readonly cursors: readonly DocumentCursor[]
  /** Documents that were read already: the first answer, or what columns were discovered from. */
  readonly head: readonly Answer[]
}

/** Checks what needs no server. */
export function checkRead(config: Config, limits: ConnectionLimits, read: ReadRequest): CheckedRead {
  const query = readQuery(read.query, read.parameters)
  const selection = selectionOf(query)
  if (query.parallel !== undefined) checkParallel(selection, query.parallel, limits.connections)
  if (query.fields !== undefined && query.discover !== undefined)
    throw mongodbError('mongodb-columns-invalid', '`fields` and `discover` exclude each other', {
      path: 'query.discover',
    })
  if (query.rest !== undefined && query.fields === undefined && query.discover === undefined)
    throw mongodbError('mongodb-columns-invalid', '`rest` needs `fields` or `discover`', {
      path: 'query.rest',
    })
  if (query.fields !== undefined) checkColumns(declaredColumns(query.fields), query.rest)
  const texts = Object.values(read.parameters).flat()
  return {
    query,
    selection,
    connections: query.parallel ?? 1,
    scope: {
      config,
      queryTimeoutMs: limits.queryTimeoutMs,
      parameterTexts: texts.filter((value) => typeof value === 'string'),
    },
  }
}

/** Asks the server whether it understands the query, finds the ranges, and reads ahead where columns must be found. */
export async function prepareRead(
  database: Db,
  { query, selection, scope }: CheckedRead,
  read: ReadRequest,
  signal: AbortSignal,
): Promise<PreparedRead> {
  const { config, queryTimeoutMs } = scope
  const readPreference = readPreferenceOf(config, query.readPreference)
  const declared = query.fields === undefined ? undefined : declaredColumns(query.fields)
  const options: CommandOptions = {
    maxTimeMS: queryTimeoutMs,
    readConcern: config.readConcern,
    batchSize: firstDocuments,
    // The server takes 0 for all of them.
    maxDocuments: read.maxRows === undefined ? undefined : Math.max(1, read.maxRows),
    range: undefined,
    projection: query.rest === undefined ? projectionOf(declared) : undefined,
  }
  await checkCollection(database, selection, signal).catch((error: unknown) => {
    throw serverError(error, 'reading', scope)
  })
  await explain(database, commandOf(selection, options), signal).catch((error: unknown) => {
    throw serverError(error, 'understanding', scope)
  })
  const ranges =
    query.parallel === undefined
      ? undefined
      : await findRanges(database, selection.collection, query.parallel, {
          collation: selection.collation,
          maxTimeMS: queryTimeoutMs,
          readPreference,
        })
  const bytes = Math.min(answerBytes, read.batchBytes)
  const open = (range: BsonDocument | undefined): DocumentCursor =>
    new DocumentCursor(
      database,
      commandOf(selection, { ...options, range }),
      readPreference,
      Math.max(leastAnswerBytes, bytes / (ranges?.length ?? 1)),
    )
  const cursors = (ranges ?? [undefined]).map(open)
  // The first answer comes before the result begins: what the server finds out only now still stops it.
  const head = await readHead(cursors, query.discover ?? 1).catch((error: unknown) => {
    throw serverError(error, 'beginning', scope)
  })
  const columns = columnsOf(query, declared, head)
  return { columns, fields: fieldsOf(columns), cursors, head }
}

interface CollectionsCursor {
  readonly id: unknown
  readonly firstBatch: readonly { readonly name: string }[]
}

/** A name that is misspelt would otherwise read as an empty collection. */
async function checkCollection(database: Db, { collection }: Selection, signal: AbortSignal): Promise<void> {
  const known = await database
    .command(
      { listCollections: 1, filter: { name: collection }, nameOnly: true, authorizedCollections: true },
      { signal },
    )
    .catch((error: unknown) => {
      // Who may read a collection need not be allowed to list it.
      if (error instanceof MongoServerError && (error.code === 13 || error.code === 59)) return undefined
      throw error
    })
  const cursor = known?.['cursor'] as CollectionsCursor | undefined
  // Compatible servers list all collections, whatever the filter says.
  const isAll = cursor !== undefined && Number(cursor.id) === 0
  if (isAll && cursor.firstBatch.every(({ name }) => name !== collection))
    throw mongodbError('mongodb-collection-unknown', `There is no collection "${collection}"`, {
      path: 'query.collection',
    })
}

/** The server checks and plans the query, and reads nothing: what it says here holds no data of documents. */
async function explain(database: Db, command: Record<string, unknown>, signal: AbortSignal): Promise<void> {
  try {
    await database.command({ explain: command, verbosity: 'queryPlanner' }, { signal })
  } catch (error) {
    // Compatible servers without `explain` find out when they run the query.
    if (error instanceof MongoServerError && error.code === 59) return
    throw error
  }
}

async function readHead(cursors: readonly DocumentCursor[], documents: number): Promise<readonly Answer[]> {
  const head: Answer[] = []
  let found = 0
  let bytes = 0
  for (const cursor of cursors) {
    while (found < documents && bytes < discoverBytes) {
      const answer = await cursor.next()
      if (answer === undefined) break
      head.push(answer)
      found += answer.starts.length
      bytes += answer.bytes.length
    }
  }
  return head
}

function columnsOf(query: Query, declared: readonly Column[] | undefined, head: readonly Answer[]): Columns {
  if (declared !== undefined) return { columns: declared, rest: query.rest, discovered: undefined }
  if (query.discover === undefined)
    return { columns: [{ name: 'document', type: 'json', path: [] }], rest: undefined, discovered: undefined }
  const columns = discoverColumns(head)
  if (columns.length === 0 && query.rest === undefined)
    throw mongodbError('mongodb-columns-invalid', 'No document was found from which columns could be made', {
      path: 'query.discover',
      fix: 'List the columns in `fields`',
    })
  checkColumns(columns, query.rest)
  return { columns, rest: query.rest, discovered: head.reduce((sum, { starts }) => sum + starts.length, 0) }
}

function checkColumns(columns: readonly Column[], rest: string | undefined): void {
  const names = new Set<string>()
  for (const { name } of [...columns, ...(rest === undefined ? [] : [{ name: rest }])]) {
    if (names.has(name))
      throw mongodbError('mongodb-columns-invalid', `Two columns are named "${name.slice(0, 100)}"`, {
        path: 'query.fields',
      })
    names.add(name)
  }
  pathTree(columns) // refuses paths that overlap
}

function declaredColumns(fields: readonly FieldDeclaration[]): readonly Column[] {
  return fields.map(({ path, name, type }) => {
    const steps = typeof path === 'string' ? path.split('.') : path
    return { name: name ?? steps.join('.'), type, path: steps }
  })
}

/** Only the top-level fields that columns need; names that a projection would take for something else are not left out. */
function projectionOf(columns: readonly Column[] | undefined): BsonDocument | undefined {
  if (columns === undefined) return undefined
  const names = new Set(columns.map(({ path }) => path[0] ?? ''))
  if ([...names].some((name) => name === '' || /[.$]/.test(name))) return undefined
  const projection: BsonDocument = new Map([...names].map((name) => [name, 1]))
  if (!names.has('_id')) projection.set('_id', 0)
  return projection
}
