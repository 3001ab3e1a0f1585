/**
 * A process that the store's tests start under some limit, or kill:
 * `store-writer.test-process.ts FOLDER BYTES`. It writes an object of so many bytes and prints
 * `<kind> <code> left:<what is left after abort>`, or `stored`. With -1 it writes one part, says so, and waits to be killed.
 */
import { readdir } from 'node:fs/promises'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { testContext } from '@bulkhead/connector-sdk/testing'
import { openStore } from './store.ts'

const [folder = '', bytes = '0'] = process.argv.slice(2)
const signal = new AbortController().signal
await using store = await openStore(testContext({ config: { folder, createFolder: false } }))
const upload = await store.create({ key: 'run/a.csv', contentType: 'text/csv', maxBytes: undefined }, signal)

if (bytes === '-1') {
  await upload.writePart(1, Buffer.alloc(1000), signal)
  process.stdout.write('written\n')
  process.stdin.resume()
} else {
  try {
    await upload.writePart(1, Buffer.alloc(Number(bytes)), signal)
    await upload.complete(signal)
    console.log('stored')
  } catch (error) {
    await upload.abort()
    if (!isBulkheadError(error)) throw error
    console.log(`${error.kind} ${error.code} left:${(await readdir(folder, { recursive: true })).join()}`)
  }
}
