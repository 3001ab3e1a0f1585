import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BulkheadError } from '@bulkhead/connector-sdk'
import { createReporter, type ReporterOptions } from './reporter.ts'
import { plainStyle } from './style.ts'

function reporter(options: Partial<ReporterOptions> = {}, interactive = false) {
  const written: string[] = []
  const clock = { now: 1_000_000 }
  const report = createReporter(
    {
      write: (text) => void written.push(text),
      interactive,
      columns: interactive ? 60 : Infinity,
      style: plainStyle,
    },
    { format: 'text', level: 'info', progress: true, now: () => clock.now, ...options },
  )
  return { report, clock, text: () => written.join('') }
}

test('in a pipe progress is a plain line, soon and then every five seconds', () => {
  const { report, clock, text } = reporter()
  for (let second = 1; second <= 11; second++) {
    clock.now += 1000
    report.progress({ rows: second * 1000, bytes: second * 2048 })
  }
  assert.equal(
    text(),
    '1,000 rows  2.00 KiB  2.00 KiB/s  1.00 s\n6,000 rows  12.0 KiB  2.00 KiB/s  6.00 s\n11,000 rows  22.0 KiB  2.00 KiB/s  11.0 s\n',
  )
})

test('on a terminal progress is one line that is written over, and gone in the end', () => {
  const { report, clock, text } = reporter({}, true)
  report.progress({ rows: 7, bytes: 10 })
  clock.now += 50
  report.progress({ rows: 8, bytes: 20 }) // too soon to be seen
  clock.now += 100
  report.progress({ rows: null, bytes: 30 })
  report.clear()
  assert.equal(text(), '7 rows  10 B  9.77 KiB/s  0.00 s\r\u001B[K30 B  200 B/s  0.15 s\r\u001B[K')
})

test('a log on a terminal stands above the progress', () => {
  const { report, text } = reporter({}, true)
  report.progress({ rows: 5, bytes: 0 })
  report.log('warn', 'Slow', { connection: 'ledger' })
  assert.ok(text().includes('\r\u001B[Kwarning: Slow connection=ledger\n5 rows'))
})

test('messages below the level are left out, and quiet tells no progress', () => {
  const { report, clock, text } = reporter({ level: 'warn', progress: false })
  report.log('info', 'Connected')
  clock.now += 60_000
  report.progress({ rows: 1, bytes: 1 })
  report.log('warn', 'Slow')
  assert.equal(text(), 'warning: Slow\n')
})

test('as JSON every message is one line, errors with code, path and fix', () => {
  const { report, text } = reporter({ format: 'json' })
  report.log('info', 'Started', { rows: 12n })
  report.fail(
    new BulkheadError({
      kind: 'config',
      code: 'job-unknown',
      message: 'No such job',
      path: 'job',
      fix: 'Choose one',
      others: [{ kind: 'config', code: 'x', message: 'And more' }],
    }),
  )
  const [first, second] = text()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  assert.deepEqual(first, { time: '1970-01-01T00:16:40.000Z', level: 'info', message: 'Started', rows: '12' })
  assert.deepEqual(second?.['error'], {
    code: 'job-unknown',
    kind: 'config',
    message: 'No such job',
    retryable: false,
    path: 'job',
    fix: 'Choose one',
    others: [{ code: 'x', kind: 'config', message: 'And more', retryable: false }],
  })
})

test('all faults of a document are shown, each with where and what to do', () => {
  const { report, text } = reporter()
  report.fail(
    new BulkheadError({
      kind: 'config',
      code: 'manifest-invalid',
      message: 'Unknown field "ouptut"',
      path: 'spec.jobs.a.ouptut',
      fix: 'Did you mean output?',
      others: [{ kind: 'config', code: 'manifest-invalid', message: 'Missing field', path: 'spec.owner' }],
    }),
  )
  assert.equal(
    text(),
    [
      'error: Unknown field "ouptut"',
      '  code: manifest-invalid',
      '  path: spec.jobs.a.ouptut',
      '  fix:  Did you mean output?',
      'error: Missing field',
      '  code: manifest-invalid',
      '  path: spec.owner',
      '',
    ].join('\n'),
  )
})

test('what is no error of Bulkhead is said to be a fault in it', () => {
  const { report, text } = reporter()
  report.fail(new TypeError('x is undefined'))
  assert.match(text(), /error: x is undefined\n {2}code: internal\n/)
})
