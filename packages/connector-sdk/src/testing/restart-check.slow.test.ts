import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { BulkheadError } from '../errors.ts'
import {
  ask,
  httpFailure,
  type HttpParts,
  httpSource,
  readRows,
  startHttpSystem,
} from './http-system.test-support.ts'
import { checkRestart, type RestartSubject } from './restart-check.ts'

const patience = { connectMs: 200, stopMs: 300 }

async function run(parts: HttpParts = {}, more: Partial<RestartSubject<unknown>> = {}): Promise<void> {
  const system = await startHttpSystem({ after })
  const { stop, start } = system
  const subject = { ...httpSource(system, parts), stop, start, interrupted: { code: 'http-away' }, ...more }
  await checkRestart(subject as RestartSubject<unknown>, patience)
}

function isAway(error: unknown): boolean {
  return error instanceof BulkheadError && error.code === 'http-away'
}

/** Each breaks one promise, and fails by the words for it. */
const doubles: Readonly<Record<string, [words: RegExp, parts: () => HttpParts]>> = {
  'ends early when its system goes away': [
    /a result whose second half never came was accepted/,
    () => ({
      async *read(response, query, signal) {
        try {
          yield* readRows(response, query, signal)
        } catch (error) {
          if (!isAway(error)) throw error
        }
      },
    }),
  ],
  'takes the end of its system for a wrong password': [
    /http-refused is of kind auth/,
    () => ({
      async *read(response, query, signal) {
        try {
          yield* readRows(response, query, signal)
        } catch (error) {
          throw isAway(error) ? httpFailure('http-refused') : error
        }
      },
    }),
  ],
  'takes a system that is down for a wrong password': [
    /while it is down, http-refused is of kind auth/,
    () => ({
      async ask(context, path, signal, request) {
        try {
          return await ask(context, path, signal, request)
        } catch (error) {
          throw isAway(error) ? httpFailure('http-refused') : error
        }
      },
    }),
  ],
  'waits for a system that is down': [
    /finding nobody there took longer/,
    () => ({
      async ask(context, path, signal, request) {
        try {
          return await ask(context, path, signal, request)
        } catch (error) {
          if (!isAway(error)) throw error
          return await new Promise<never>(() => undefined)
        }
      },
    }),
  ],
  'holds on to what is gone': [
    /its connection does not recover/,
    () => {
      let isGone = false
      return {
        async ask(context, path, signal, request) {
          if (isGone) throw httpFailure('http-away')
          try {
            return await ask(context, path, signal, request)
          } catch (error) {
            isGone = true
            throw error
          }
        },
      }
    },
  ],
}

describe('a source whose system is restarted', { concurrency: 10 }, () => {
  test('passes when it keeps its promises', () => run())

  for (const [title, [message, parts]] of Object.entries(doubles)) {
    test(`a double is found that ${title}`, () => assert.rejects(run(parts()), { message }))
  }

  test('one that says it fails by another code, or that it resumes, is found', async () => {
    await assert.rejects(run({}, { interrupted: { code: 'http-refused' } }), {
      message: /it failed otherwise/,
    })
    await assert.rejects(run({}, { interrupted: 'resumes' }), { code: 'http-away' })
  })
})
