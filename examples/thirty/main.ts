/**
 * `npm run thirty -- FOLDER`: makes the thirty applications in a folder, and serves the API that some of them read,
 * until it is stopped. What to type then is printed.
 */
import { join, resolve } from 'node:path'
import process from 'node:process'
import { startApi } from './api.ts'
import { generate } from './generate.ts'
import { readTable } from './table.ts'

const [given] = process.argv.slice(2)
if (given === undefined) {
  console.error('usage: npm run thirty -- FOLDER')
  process.exit(2)
}
const folder = resolve(given)
await using api = await startApi()
const made = await generate(folder, await readTable(), { API: api.url, HOOK: new URL('hook', api.url).href })
console.log(`${made.length} applications lie in ${join(folder, 'applications')}. Another terminal serves them:

  BULKHEAD_ALLOW_LOOPBACK=1 npx bulkhead up --apps ${join(folder, 'applications')}

The API that some of them read answers at ${api.url} until this command is stopped.`)
await new Promise((stop) => process.once('SIGINT', stop).once('SIGTERM', stop))
