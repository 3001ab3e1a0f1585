/** Keys of its own for a test, on a real Redis server. */
import { randomBytes } from 'node:crypto'
import { createClient } from 'redis'
import { afterwards, type Scope } from './cleanup.ts'
import { serverVariable } from './environment.ts'

export interface TestKeys {
  /** Of the server. */
  readonly url: string
  /** Begins the names of the test's keys; ends with a colon. */
  readonly prefix: string
}

/** Names a prefix that nobody else uses, and removes the keys that begin with it when the scope is over. */
export function createKeyPrefix(scope: Scope): TestKeys {
  const keys = {
    url: serverVariable('redis'),
    prefix: `bulkhead-test:${process.pid}-${randomBytes(4).toString('hex')}:`,
  }
  afterwards(scope, async () => {
    const client = createClient({ url: keys.url })
    await client.connect()
    for await (const found of client.scanIterator({ MATCH: `${keys.prefix}*`, COUNT: 1_000 })) {
      if (found.length > 0) await client.unlink(found)
    }
    client.destroy()
  })
  return keys
}
