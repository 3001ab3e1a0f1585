import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'
import type { ReadRequest } from '../source.ts'
import { failing } from './failing.test-support.ts'
import { hostileTexts } from './hostile-texts.ts'
import {
  bindMemoryQuery,
  MEMORY_NAME,
  memoryFailure,
  memorySource,
  type MemoryParts,
  type MemoryQuery,
  readMemory,
} from './memory-source.test-support.ts'
import { sourceChecks } from './source-checks.ts'
import { sourceTruthChecks } from './source-truth-checks.ts'
import { textParameterChecks } from './text-parameter-check.ts'

const patient = textParameterChecks({ hangMs: 60_000 })
/** For what hangs on purpose; on a busy machine it may take others for hanging too. */
const quick = textParameterChecks({ hangMs: 50 })
const title = 'takes what a parameter holds as a value, whatever stands in it'

test('a source that takes texts for values passes', async () => {
  assert.deepEqual(await failing([...sourceTruthChecks, ...patient], memorySource), [])
})

/** The text of a place, where it is a hostile one. */
function hostileIn({ parameters }: ReadRequest): string | undefined {
  return hostileTexts.find(({ text }) => Object.values(parameters).includes(text))?.text
}

/** Binds as it should, but for what a double does with a hostile text. */
const binding = (meddle: (text: string, bound: MemoryQuery) => MemoryQuery) => (read: ReadRequest) => {
  const hostile = hostileIn(read)
  const bound = bindMemoryQuery(read)
  return hostile === undefined ? bound : meddle(hostile, bound)
}

/** A condition whose text is put together with the name. */
function splices({ query, parameters }: ReadRequest): boolean {
  const name = String(parameters['name'])
  try {
    return Boolean(runInNewContext(`'${name}' == 'Ada'`, { name }, { timeout: 100 }))
  } catch {
    throw memoryFailure('memory-query', `query.${Object.keys(query as object)[0] ?? ''}`)
  }
}

/** Each takes a text for more than a value, or refuses it wrongly; with what the check says about it. */
const doubles: Readonly<Record<string, readonly [() => MemoryParts, RegExp]>> = {
  'splices it into the text of its query': [
    () => ({
      bind: (read) =>
        'name' in read.parameters
          ? { ...bindMemoryQuery(read), rows: splices(read) ? 3 : 0 }
          : bindMemoryQuery(read),
    }),
    /a name: "'\|\|true\|\|'" finds something/,
  ],
  'fills in what looks like a placeholder': [
    () => ({
      bind: binding((text, bound) =>
        bound.text === text ? { ...bound, text: text.replace('{{name}}', 'Ada') } : bound,
      ),
    }),
    /a text: "\{\{name\}\}" comes back as "Ada"/,
  ],
  'ends it at a NUL': [
    () => ({
      bind: binding((text, bound) =>
        bound.text === text ? { ...bound, text: text.split('\0', 1)[0] ?? '' } : bound,
      ),
    }),
    /a text: "x\\\\u0000y" comes back as "x"/,
  ],
  'puts another character in the place of half of one': [
    () => ({
      bind: (read) => {
        const { text } = read.parameters
        const whole = typeof text === 'string' ? { parameters: { text: text.toWellFormed() } } : {}
        return bindMemoryQuery({ ...read, ...whole })
      },
    }),
    /a text: "x\\\\ud800y" comes back as "x\ufffdy"/,
  ],
  'yields what it was not asked for, whatever the text is': [
    () => ({ bind: (read) => ({ ...bindMemoryQuery(read), rows: Math.max(1, bindMemoryQuery(read).rows) }) }),
    /a name: "nobody-is-called-so" finds something/,
  ],
  'finds nothing by the text of the test either': [
    () => ({
      bind: (read) => {
        const bound = bindMemoryQuery(read)
        return bound.name === MEMORY_NAME ? { ...bound, rows: 0 } : bound
      },
    }),
    /a name: its own text finds nothing: this proves nothing/,
  ],
  'says that another attempt would help': [
    () => ({
      bind: binding((text, bound) => {
        if (text.includes('\0')) throw memoryFailure('memory-away', 'query.name')
        return bound
      }),
    }),
    /fails wrongly: memory-away is of kind transient/,
  ],
  'does not say where the text stands': [
    () => ({
      bind: binding((text, bound) => {
        if (text.includes('\0')) throw memoryFailure('memory-query')
        return bound
      }),
    }),
    /fails wrongly: memory-query has no path in the query/,
  ],
  'fails by an error that is none of its own': [
    () => ({
      bind: binding((text, bound) => {
        if (text === '__proto__') throw new TypeError('Cannot read properties of undefined')
        return bound
      }),
    }),
    /"__proto__" fails wrongly: it failed by TypeError/,
  ],
  'repeats a long text in its message': [
    () => ({
      bind: binding((text, bound) => {
        if (text.length < 1000) return bound
        throw Object.assign(memoryFailure('memory-query', 'query.name'), {
          message: `Nobody is called ${text}`,
        })
      }),
    }),
    /memory-query repeats more of it than a name needs/,
  ],
  'refuses so much that the others prove little': [
    () => ({
      bind: binding((text, bound) => {
        if (/[^a-z]/.test(text)) throw memoryFailure('memory-query', 'query.text')
        return bound
      }),
    }),
    /a text: it refuses \d+ of \d+ texts: the others prove little/,
  ],
  'hangs at one': [
    () => ({
      async *read(query, read, signal) {
        if (query.name === '$where') await sleep(60_000, undefined, { signal })
        yield* readMemory(query, read, signal)
      },
    }),
    /a name: "\$where" fails wrongly/,
  ],
  'yields something else from then on': [
    () => {
      let extra = 0
      return {
        bind: (read) => {
          if (hostileIn(read)?.includes('DROP TABLE') === true) extra = 1
          const bound = bindMemoryQuery(read)
          return Object.keys(read.parameters).includes('rows')
            ? { ...bound, rows: bound.rows + extra }
            : bound
        },
      }
    },
    /a known result is another one afterwards/,
  ],
  'writes something': [
    () => {
      let written = false
      return {
        bind: binding((text, bound) => {
          if (text.includes('DROP TABLE')) written = true
          return bound
        }),
        unchanged: async () => !written,
      }
    },
    /one of the texts changed something/,
  ],
}

for (const [what, [parts, said]] of Object.entries(doubles)) {
  test(`a double fails exactly this check: one that ${what}`, async () => {
    const [own] = what === 'hangs at one' ? quick : patient
    assert.ok(own)
    assert.deepEqual(await failing([...sourceTruthChecks, own], () => memorySource(parts())), [title])
    await assert.rejects(async () => own.run(memorySource(parts())), said)
  })
}

test('the double that splices passes every other check: nothing else would have seen it', async () => {
  const others = sourceChecks({ pauseMs: 20, slowMs: 20 }).filter(
    ({ title: other }) => !other.startsWith('does not read'),
  )
  const [parts] = doubles['splices it into the text of its query'] ?? []
  assert.ok(parts)
  assert.deepEqual(await failing(others, () => memorySource(parts())), [])
})

test('a list of one text is a text that goes into a list', async () => {
  const bind = (read: ReadRequest): MemoryQuery => {
    const { name } = read.parameters
    return bindMemoryQuery(Array.isArray(name) ? { ...read, parameters: { name: String(name[0]) } } : read)
  }
  const query = { rows: 1, text: 'x', name: { $param: 'name' } }
  const textParameters = [{ title: 'a list', query, parameters: { name: [MEMORY_NAME] } }]
  await patient[0]?.run({ ...memorySource({ bind }), textParameters })
  // Without that, the list is another value than its only text.
  const own = patient[0]?.run({ ...memorySource(), textParameters })
  await assert.rejects(async () => own, /a list: its own text finds nothing/)
})

test('a place without a text is a fault of the test', async () => {
  const subject = () => ({
    ...memorySource(),
    textParameters: [{ title: 'none', query: { rows: 1 }, parameters: { rows: 1 } }],
  })
  await assert.rejects(async () => patient[0]?.run(subject()), /none: not one of its parameters is a text/)
  await assert.rejects(
    async () => patient[0]?.run({ ...memorySource(), textParameters: [] }),
    /no place that takes a text/,
  )
})

test('no text stands in the list twice', () => {
  const texts = hostileTexts.map(({ text }) => text)
  assert.deepEqual(texts, [...new Set(texts)])
})
