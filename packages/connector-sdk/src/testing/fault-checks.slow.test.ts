import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { BulkheadError } from '../errors.ts'
import { failing } from './failing.test-support.ts'
import { faultChecks } from './fault-checks.ts'
import {
  ask,
  httpFailure,
  type HttpParts,
  httpSource,
  httpStore,
  readRows,
  startHttpSystem,
} from './http-system.test-support.ts'
import { columnsOf } from './memory-source.test-support.ts'
import { sourceFaultChecks } from './source-fault-checks.ts'
import { storeFaultChecks } from './store-fault-checks.ts'

/** Much shorter than the kit's own: what is on loopback and works answers in a few milliseconds. */
const patience = { connectMs: 80, stopMs: 250, pauseMs: 20, slowMs: 50 }
const checks = [...faultChecks(patience), ...sourceFaultChecks(patience)]
const storeChecks = [...faultChecks(patience), ...storeFaultChecks(patience)]

/** They wait for clocks most of the time: all wait at once, each for a system of its own. */
const together = { concurrency: 20 }

const failingOfSource = async (parts?: HttpParts) => {
  const system = await startHttpSystem({ after })
  return failing(checks, () => httpSource(system, parts))
}

const failingOfStore = async (parts?: HttpParts) => {
  const system = await startHttpSystem({ after })
  return failing(storeChecks, () => httpStore(system, parts))
}

/** Replaces what `ask` throws. */
function throwing(change: (error: unknown, password: string) => unknown): HttpParts {
  return {
    async ask(context, path, signal, request) {
      try {
        return await ask(context, path, signal, request)
      } catch (error) {
        throw change(error, context.config.password)
      }
    },
  }
}

function codeOf(error: unknown): string {
  return error instanceof BulkheadError ? error.code : ''
}

/** Each breaks one promise; it fails the check of that title, and no other. */
const doubles: Readonly<Record<string, HttpParts>> = {
  'refuses a wrong password as such, by kind auth': {
    ...throwing((error) => (codeOf(error) === 'http-refused' ? httpFailure('http-away') : error)),
  },
  'shows no secret in an error, a log or an answer': throwing((error, password) =>
    codeOf(error) === 'http-refused'
      ? httpFailure('http-refused', {
          headers: { authorization: Buffer.from(`x:${password}`).toString('base64') },
        })
      : error,
  ),
  'takes a system that is not there for an outage, by kind transient': {
    async ask(context, path, signal, request) {
      const isThere = await fetch(`http://${context.config.host}:${context.config.port}`, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(150)]),
      }).then(
        () => true,
        (error: unknown) => (error as Error).name === 'TimeoutError',
      )
      if (!isThere && request.timeMs === undefined && path === '/rows?rows=0')
        throw httpFailure('http-refused')
      return ask(context, path, signal, request)
    },
  },
  'gives up on a system that never answers, once the time to connect is over': {
    ask: (context, path, signal, request) => ask(context, path, signal, { ...request, timeMs: undefined }),
  },
  'takes the settings of every earlier version, which mean what they meant': {
    subject: {
      settings: [
        {
          version: '0.9.0',
          given: { host: 'here', port: 80, password: 'open sesame' },
          meant: { host: 'here', port: 80, password: 'open sesame', path: '/' },
        },
      ],
    },
  },
  'reads the same over a slow network that tears every answer apart': {
    async *read(response, query, signal) {
      if (query.rows > 10) return yield* readRows(response, query, signal)
      // Takes what comes first for all.
      for await (const chunk of response.body ?? []) {
        yield columnsOf(0, Math.floor(chunk.length / 1000), query)
        return
      }
    },
  },
  'lets the system wait when its reader pauses': {
    async *read(response, query, signal) {
      // Reads on and keeps only how much it was, which no heap shows.
      let rows = 0
      const counting = (async () => {
        for await (const batch of readRows(response, query, signal))
          rows += 'rows' in batch ? Number(batch.rows) : 0
      })()
      counting.catch(() => undefined)
      await sleep(20)
      for (let at = 0; at < query.rows;) {
        const more = rows - at
        if (more > 0) yield columnsOf(at, more, { ...query, text: '' })
        at += more
        if (more === 0) await Promise.race([counting, sleep(5)])
      }
      await counting
    },
  },
  'fails by kind transient when its connection is cut, and never ends early': {
    async *read(response, query, signal) {
      try {
        yield* readRows(response, query, signal)
      } catch (error) {
        signal.throwIfAborted()
        if (codeOf(error) !== 'http-away') throw error
      }
    },
  },
  'stops within 5 seconds when it is cancelled, also when the system is silent': {
    async *read(response, query, signal) {
      try {
        yield* readRows(response, query, signal)
      } finally {
        if (signal.aborted) await sleep(400) // As if it waited for a farewell.
      }
    },
  },
  'leaves the system without work once it is cancelled': {
    async ask(context, path, signal, request) {
      if (!path.includes('wait=60000')) return ask(context, path, signal, request)
      const never = new AbortController()
      const stopped = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      })
      return Promise.race([ask(context, path, never.signal, request), stopped])
    },
  },
}

test('there is a double for every check of faults', () => {
  assert.deepEqual(
    Object.keys(doubles),
    checks.map((check) => check.title),
  )
})

const storeDoubles: Readonly<Record<string, HttpParts>> = {
  'stores an object whole, or fails by kind transient, when a connection is cut': {
    // Takes a part that was cut for one that arrived.
    async ask(context, path, signal, request) {
      try {
        return await ask(context, path, signal, request)
      } catch (error) {
        if (request.method !== 'PUT' || (request.body?.length ?? 0) < 1000) throw error
        return new Response()
      }
    },
  },
  'fails by kind transient when the system goes away, and leaves nothing once it is back': {
    async ask(context, path, signal, request) {
      try {
        return await ask(context, path, signal, request)
      } catch (error) {
        if (codeOf(error) !== 'http-away' || request.method !== 'PUT' || request.body?.length !== 10)
          throw error
        throw httpFailure('http-refused')
      }
    },
  },
  'stops within 5 seconds when it is cancelled, also when the store is silent': {
    async ask(context, path, signal, request) {
      if (request.method !== 'PUT') return ask(context, path, signal, request)
      return ask(context, path, new AbortController().signal, request)
    },
  },
}

test('there is a double for every check of faults of a store', () => {
  assert.deepEqual(
    Object.keys(storeDoubles),
    storeFaultChecks(patience).map((check) => check.title),
  )
})

/** With clocks this short a busy machine may fail a check more: then all are asked again, a few times. */
async function settles(
  failingNow: () => Promise<readonly string[]>,
  expected: readonly string[],
): Promise<void> {
  for (let tries = 1; ; tries++) {
    const failed = await failingNow()
    if (
      tries === 5 ||
      (failed.length === expected.length && failed.every((title, at) => title === expected[at]))
    )
      return assert.deepEqual(failed, expected)
  }
}

describe('faults', together, () => {
  test('a source that keeps its promises passes every check', async () => {
    await settles(() => failingOfSource(), [])
  })

  for (const [title, parts] of Object.entries(doubles)) {
    test(`a double of a source fails exactly: ${title}`, async () => {
      await settles(() => failingOfSource(parts), [title])
    })
  }

  test('a double whose outage is no fault of the connection fails the check of a system that is not there', async () => {
    const { kind, code, message, fix = '' } = httpFailure('http-away')
    const uncounted = throwing((error) =>
      codeOf(error) === 'http-away' ? new BulkheadError({ kind, code, message, fix }) : error,
    )
    await settles(
      () => failingOfSource(uncounted),
      ['takes a system that is not there for an outage, by kind transient'],
    )
  })

  test('a store that keeps its promises passes every check', async () => {
    await settles(() => failingOfStore(), [])
  })

  for (const [title, parts] of Object.entries(storeDoubles)) {
    test(`a double of a store fails exactly: ${title}`, async () => {
      await settles(() => failingOfStore(parts), [title])
    })
  }
})
