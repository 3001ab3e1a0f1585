import assert from 'node:assert/strict'
import { test } from 'node:test'
import { consoleToLog } from './console-to-log.ts'

test('takes what is told to the console for the log, and gives the console back', () => {
  const told: string[] = []
  const tell = (level: string) => (message: string) => void told.push(`${level} ${message}`)
  const { log: before } = console
  {
    using _ = consoleToLog({ debug: tell('debug'), info: tell('info'), warn: tell('warn') })
    console.log('row %d', 1, { a: 2 })
    console.debug('d')
    console.error(new Error('no').message)
  }
  assert.deepEqual(told, ['info row 1 { a: 2 }', 'debug d', 'warn no'])
  assert.equal(console.log, before)
})
