import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRedactor } from '@bulkhead/engine/secrets/redactor'
import { redactedLog } from './redacted-log.ts'

function logging(): { readonly log: ReturnType<typeof redactedLog>; readonly lines: string[] } {
  const redactor = createRedactor()
  redactor.add('hunter2-hunter2')
  const lines: string[] = []
  const record = (message: string, details?: unknown): void => {
    lines.push(`${message} ${JSON.stringify(details)}`)
  }
  return { log: redactedLog({ debug: record, info: record, warn: record }, redactor), lines }
}

test('takes secrets out of messages and of everything in the details', () => {
  const { log, lines } = logging()
  log.info('with hunter2-hunter2', {
    text: 'hunter2-hunter2',
    list: [{ deep: Buffer.from('hunter2-hunter2').toString('base64') }],
    error: new Error('hunter2-hunter2', { cause: 'x' }),
    url: new URL('http://u:hunter2-hunter2@host/'),
    map: new Map([['a', 'hunter2-hunter2']]),
    bytes: Buffer.from('hunter2-hunter2'),
    'hunter2-hunter2': 1n,
  })
  assert.doesNotMatch(lines.join(), /hunter2|aHVudGVyMi/)
  assert.match(lines.join(), /\[15 bytes\]/)
})

test('is bounded: long texts, long lists, deep and circular data', () => {
  const { log, lines } = logging()
  const circular: Record<string, unknown> = {}
  circular['self'] = circular
  log.warn('x'.repeat(100_000), { circular, list: Array.from({ length: 10_000 }, () => 'y'.repeat(10)) })
  assert.ok((lines[0]?.length ?? 0) < 20_000)
})
