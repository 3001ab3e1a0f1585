/** A database of its own for a test, on a server that speaks MongoDB's protocol. */
import { randomBytes } from 'node:crypto'
import { MongoClient } from 'mongodb'
import { afterwards, type Scope } from './cleanup.ts'
import { serverVariable } from './environment.ts'

export interface TestMongoDatabase {
  /** Connection string of the server, with the database in its path. */
  readonly uri: string
  readonly database: string
}

/** Names a database that nobody else uses, and drops it when the scope is over. It is there once something is in it. */
export function createDatabase(scope: Scope): TestMongoDatabase {
  const database = `bulkhead_test_${process.pid}_${randomBytes(4).toString('hex')}`
  const test = { uri: withDatabase(serverVariable('mongodb'), database), database }
  afterwards(scope, () =>
    withMongo(test, async (client) => {
      await client.db(database).dropDatabase()
    }),
  )
  return test
}

/** Hands a client of the server to `use`, and closes it. */
export async function withMongo<T>(
  { uri }: TestMongoDatabase,
  use: (client: MongoClient) => Promise<T>,
): Promise<T> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 5_000 })
  try {
    return await use(client)
  } finally {
    await client.close()
  }
}

/** A connection string names several hosts, so it is not always a URL; a user of its server logs in where the user is. */
function withDatabase(uri: string, database: string): string {
  const [, start = uri, path = '', options = ''] = /^([^/]+\/\/[^/?]+)(\/[^?]*)?(\?.*)?$/.exec(uri) ?? []
  const parameters = new URLSearchParams(options)
  if (start.includes('@') && !parameters.has('authSource')) {
    parameters.set('authSource', path.slice(1) || 'admin')
  }
  const rest = parameters.toString()
  return `${start}/${database}${rest === '' ? '' : `?${rest}`}`
}
