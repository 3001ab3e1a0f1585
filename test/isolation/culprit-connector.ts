/** A connector that did not come with the platform, and does harm: each deed is real. */
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import {
  type ConnectionContext,
  defineConnector,
  type Field,
  type RowsBatch,
  SDK_VERSION,
  z,
} from '@bulkhead/connector-sdk'

const config = z.strictObject({
  deed: z.enum(['row', 'hang', 'buffers', 'abort', 'log', 'disk']).describe('What it does when it is read'),
})
type Config = z.output<typeof config>

const fields: readonly Field[] = [{ name: 'number', type: { kind: 'integer', bits: 64 }, nullable: false }]
const mib = 1024 * 1024

async function* commit(context: ConnectionContext<Config>): AsyncGenerator<RowsBatch> {
  switch (context.config.deed) {
    case 'row':
      break
    case 'hang': // and hears no signal
      await new Promise(() => setInterval(() => undefined, 1000))
      break
    case 'buffers':
      for (const kept: Buffer[] = []; ; await turn()) kept.push(Buffer.alloc(8 * mib, 1))
    case 'abort':
      process.abort()
    case 'log':
      for (const line = 'x'.repeat(1000); ; await turn()) {
        context.log.info(line)
        console.error(line)
        process.stdout.write(`${line}\n`.repeat(100))
        process.stderr.write('x'.repeat(100_000)) // a line without end
      }
    case 'disk':
      for (const file = join(await context.temporaryFolder(), 'more'); ; await sleep(5))
        await appendFile(file, Buffer.alloc(mib, 1))
  }
  yield { form: 'rows', rows: [{ number: 1n }] }
}

export default defineConnector<Config>({
  name: 'culprit',
  sdk: SDK_VERSION,
  summary: 'Does harm to the process that it is in',
  config,
  query: z.strictObject({}).describe('Nothing'),
  source: {
    capabilities: {
      forms: ['rows'],
      encodes: {},
      snapshot: false,
      replayable: true,
      readOnly: 'enforced',
      query: 'object',
      limitsRows: false,
    },
    async open(context) {
      return {
        check: async () => 'Does harm',
        prepare: async () => ({
          fields,
          consistency: 'none',
          read: () => commit(context),
          async [Symbol.asyncDispose]() {},
        }),
        async [Symbol.asyncDispose]() {},
      }
    },
  },
  errors: [],
})
