import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failing } from './failing.test-support.ts'
import {
  columnsOf,
  memorySource,
  memoryTypes,
  readMemory,
  type MemoryParts,
} from './memory-source.test-support.ts'
import { z } from '../schema.ts'
import { sourceTruthChecks } from './source-truth-checks.ts'

/** With a format that it writes by itself. */
function subject(parts: MemoryParts = {}) {
  const writes = { forms: ['columns', 'bytes'], encodes: { csv: { options: ['delimiter'] } } } as const
  return memorySource({ ...parts, capabilities: { ...writes, ...parts.capabilities } })
}

test('a source that is what it says passes every check', async () => {
  assert.deepEqual(await failing(sourceTruthChecks, subject), [])
})

/** Each is in one way not what it says; it fails the check of that title, and no other. */
const doubles: Readonly<Record<string, () => MemoryParts>> = {
  'takes queries of the kind that it declares': () => ({ capabilities: { query: 'sql' } }),
  'proves by known results every format and option that it declares to write by itself': () => ({
    capabilities: { encodes: { csv: { options: ['delimiter', 'nullText'] } } },
  }),
  'keeps every type of its system, to the last digit': () => ({
    definition: { types: [...memoryTypes, { system: ['number'], becomes: 'int64' }] },
  }),
  'reads one moment while others write, when it declares a snapshot': () => {
    const growth = { rows: 0 }
    return {
      growth,
      async *read(query, read, signal) {
        const before = growth.rows
        yield* readMemory(query, read, signal)
        if (growth.rows > before) yield columnsOf(query.rows, 1, query)
      },
    }
  },
}

test('a double whose schema of queries knows no parameters fails as such: nobody could plan its queries', async () => {
  const query = z.strictObject({ rows: z.number(), text: z.unknown() }).describe('Which rows')
  const double = () => subject({ definition: { query } })
  assert.deepEqual(await failing(sourceTruthChecks, double), ['takes queries of the kind that it declares'])
})

test('there is a double for every check', () => {
  assert.deepEqual(
    Object.keys(doubles),
    sourceTruthChecks.map((check) => check.title),
  )
})

for (const [title, parts] of Object.entries(doubles)) {
  test(`a double fails exactly: ${title}`, async () => {
    assert.deepEqual(await failing(sourceTruthChecks, () => subject(parts())), [title])
  })
}
