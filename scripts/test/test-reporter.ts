/**
 * A reporter of `node:test` for `run-test-file.ts`: writes what happened as lines of JSON to file descriptor 3,
 * apart from whatever the tests print.
 */
import { writeSync } from 'node:fs'
import { inspect } from 'node:util'
import type { TestEvent } from 'node:test/reporters'
import type { Outcome } from './outcome.ts'

/**
 * One line of the report: a test that is over, with the file that called `test` (a kit's, when a kit did), or the name
 * of one that begins, in case it never ends.
 */
export type ReportLine = Outcome | { readonly begun: string }

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const names: string[] = []
  let parents = 0 // tests that hold others end after them, one level up
  for await (const event of events) {
    if (event.type === 'test:start') {
      names.length = event.data.nesting
      names.push(event.data.name)
    }
    if (event.type === 'test:dequeue') say({ begun: event.data.name })
    if (event.type === 'test:diagnostic' && /^(Error|Warning):/.test(event.data.message))
      yield `${event.data.message}\n`
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue
    const { data } = event
    const isParent = data.nesting < parents
    parents = data.nesting
    const test = outcomeOf(event, [...names.slice(0, data.nesting), data.name].join(' > '), isParent)
    if (test !== undefined) say({ ...test, file: data.file })
  }
}

function say(line: ReportLine): void {
  writeSync(3, `${JSON.stringify(line)}\n`)
}

type Result = Extract<TestEvent, { type: 'test:pass' | 'test:fail' }>

/** Undefined for suites and parents, which are counted by what is in them. */
function outcomeOf(
  { type, data }: Result,
  name: string,
  isParent: boolean,
): Omit<Outcome, 'file'> | undefined {
  const skipped = data.skip ?? data.todo
  if (skipped !== undefined && skipped !== false) {
    const reason =
      typeof skipped === 'string' ? skipped : data.skip === undefined ? 'to do' : 'no reason given'
    return { name, status: 'skipped', detail: reason }
  }
  if (type === 'test:pass') {
    return isParent || data.details.type === 'suite' ? undefined : { name, status: 'passed' }
  }
  const error = data.details.error as Error & { readonly failureType?: string }
  if (error.failureType === 'subtestsFailed') return undefined
  const cause: unknown = error.cause ?? error
  return { name, status: 'failed', detail: typeof cause === 'string' ? cause : inspect(cause, { depth: 5 }) }
}
