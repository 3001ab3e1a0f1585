import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createServerLog } from './server-log.ts'

function recorded(level: 'debug' | 'info' | 'warn' | 'error' = 'info') {
  const lines: string[] = []
  const log = createServerLog({ level, write: (line) => void lines.push(line), now: () => 0 })
  return { log, lines, values: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

test('each line is one JSON object with time, level, message and what it is about', () => {
  const { log, lines, values } = recorded()
  log.with({ application: 'billing', runId: 'r1' }).warn('The run was lost', { epoch: 2, rows: 10n })
  assert.deepEqual(values(), [
    {
      time: '1970-01-01T00:00:00.000Z',
      level: 'warn',
      message: 'The run was lost',
      application: 'billing',
      runId: 'r1',
      epoch: 2,
      rows: '10',
    },
  ])
  assert.ok(lines[0]?.endsWith('}\n'))
})

test('levels below the chosen one are left out', () => {
  const { log, values } = recorded('warn')
  log.debug('a')
  log.info('b')
  log.warn('c')
  log.error('d')
  assert.deepEqual(
    values().map(({ level }) => level),
    ['warn', 'error'],
  )
})

test('what others wrote makes no line, no level and no time of its own', () => {
  const { log, lines, values } = recorded()
  log.info('A request\n{"level":"error"}\r\u2028', { level: 'error', time: 'now', requestId: 'a\nb' })
  assert.equal(lines.join('').trimEnd().split('\n').length, 1)
  assert.equal(values()[0]?.['level'], 'info')
  assert.equal(values()[0]?.['requestId'], 'a\nb')
})

test('lines are bounded, whatever the details', () => {
  const { log, lines, values } = recorded()
  const circle: Record<string, unknown> = {}
  circle['self'] = circle
  log.info('x'.repeat(100_000), { long: 'y'.repeat(100_000) })
  log.info('many', Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`d${at}`, 'z'.repeat(1000)])))
  log.info('circle', circle)
  for (const line of lines) assert.ok(line.length < 20_000)
  assert.equal(values()[2]?.['message'], 'circle')
})

test('an error as a detail tells its message, and no stack', () => {
  const { log, lines } = recorded()
  log.error('It failed', { error: new Error('Broken') })
  assert.ok(lines[0]?.includes('"message":"Broken"'))
  assert.ok(!lines[0]?.includes('.ts'))
})
