import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import type { Batch } from '../batch.ts'
import { failing } from './failing.test-support.ts'
import {
  bindMemoryQuery,
  columnsOf,
  memoryConfig,
  memoryErrors,
  memoryFailure,
  memorySource,
  memoryTypes,
  readMemory,
  type MemoryParts,
} from './memory-source.test-support.ts'
import { sourceChecks } from './source-checks.ts'
import { specChecks } from './spec-checks.ts'

const checks = [...specChecks, ...sourceChecks({ pauseMs: 20, slowMs: 20 })]

test('a source that keeps its promises passes every check', async () => {
  assert.deepEqual(await failing(checks, memorySource), [])
})

test('a double that says another number of rows than it has fails to yield exactly the known ones', async () => {
  const double = () => memorySource({ extract: { rows: 7 } })
  assert.deepEqual(await failing(checks, double), [
    'yields exactly the rows of every known result, in every form it declares',
  ])
})

/** Each breaks one promise; it fails the check of that title, and no other. */
const doubles: Readonly<Record<string, () => MemoryParts>> = {
  'is of this version of the contract, with a name and a summary': () => ({ definition: { summary: '' } }),
  'has settings and a query that are representable as JSON Schema, every field described': () => ({
    definition: { config: memoryConfig.extend({ port: z.number().default(1) }) },
  }),
  'marks its secrets': () => ({
    definition: {
      config: memoryConfig.extend({ password: z.string().default('').describe('Its password') }),
    },
  }),
  'registers its errors under its own name, each with kind, meaning and fix': () => ({
    definition: { errors: [...memoryErrors, { ...memoryErrors[0], code: 'other-away' }] },
  }),
  'says what each type of its system becomes, once for each logical type': () => ({
    definition: { types: [...memoryTypes, ...memoryTypes] },
  }),
  'refuses unknown settings, which are mostly typing errors': () => ({
    definition: { config: z.object(memoryConfig.shape) },
  }),
  'refuses wrong settings when it connects, saying what to do': () => ({ open: () => undefined }),
  'answers a check with one line': () => ({ source: { check: async () => 'two\nlines' } }),
  'declares forms that fit: it encodes formats exactly when it yields bytes': () => ({
    capabilities: { encodes: { csv: { options: [] } } },
  }),
  'yields exactly the rows of every known result, in every form it declares': () => ({
    async *read(query, read, signal) {
      // An empty text in place of null.
      yield* readMemory(query.text === null ? { ...query, text: '' } : query, read, signal)
    },
  }),
  'refuses a parameter that is missing, and one that the query does not use': () => ({
    bind: (read) =>
      bindMemoryQuery('nobody_uses_this' in read.parameters ? { ...read, parameters: { rows: 2 } } : read),
  }),
  'refuses every wrong query before the first row, saying where and what to do': () => ({
    bind: (read) => {
      if (typeof read.query === 'string') throw memoryFailure('memory-query') // Without its place.
      return bindMemoryQuery(read)
    },
  }),
  'keeps the bounds and the form of its batches': () => ({
    read: (query, read, signal) =>
      readMemory(query, { ...read, batchRows: 100_000, batchBytes: 1 << 20 }, signal),
  }),
  'does not read ahead of a slow reader': () => ({
    async *read(query, read, signal) {
      const ahead: Batch[] = []
      for await (const batch of readMemory(query, read, signal)) ahead.push(batch)
      for (const batch of ahead) {
        signal.throwIfAborted()
        yield batch
      }
      signal.throwIfAborted()
    },
  }),
  'stops within 5 seconds when it is cancelled, by the reason of the signal': () => ({
    async *read(query, read, signal) {
      try {
        yield* readMemory(query, read, signal)
      } catch {
        throw memoryFailure('memory-away')
      }
    },
  }),
  'yields at most maxRows rows, when it declares so': () => ({
    read: (query, read, signal) => readMemory(query, { ...read, maxRows: undefined }, signal),
  }),
  'yields the same rows again, when it declares to be replayable': () => {
    const seen = new Set<string>()
    return {
      async *read(query, read, signal) {
        const again = query.rows < 10 && seen.has(JSON.stringify(query))
        seen.add(JSON.stringify(query))
        yield* again ? [columnsOf(7, query.rows, query)] : readMemory(query, read, signal)
      },
    }
  },
  'changes nothing, whatever the query tries, when it declares to be read-only': () => {
    let written = false
    return {
      bind: (read) => {
        written = true
        return bindMemoryQuery(read)
      },
      unchanged: async () => !written,
    }
  },
  'goes on after a read that was left early': () => {
    let left = false
    return {
      open({ host }) {
        if (host === 'nowhere') throw memoryFailure('memory-away')
        left = false
      },
      async *read(query, read, signal) {
        if (left) throw memoryFailure('memory-away')
        left = true
        yield* readMemory(query, read, signal)
        left = false
      },
    }
  },
}

test('there is a double for every check', () => {
  assert.deepEqual(
    Object.keys(doubles),
    checks.map((check) => check.title),
  )
})

for (const [title, parts] of Object.entries(doubles)) {
  test(`a double fails exactly: ${title}`, async () => {
    assert.deepEqual(await failing(checks, () => memorySource(parts())), [title])
  })
}
