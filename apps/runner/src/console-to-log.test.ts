import assert from 'node:assert/strict'
import { test } from 'node:test'
import { consoleToLog, withConsole } from './console-to-log.ts'

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

test('what a run tells the console goes to the log of the run, and of no other', async () => {
  const told: Record<string, string[]> = { process: [], a: [], b: [] }
  const logOf = (name: string) => {
    const tell = (message: string): void => void told[name]?.push(message)
    return { debug: tell, info: tell, warn: tell }
  }
  using _ = consoleToLog(logOf('process'))
  await Promise.all(
    ['a', 'b'].map((name) =>
      withConsole(logOf(name), async () => {
        console.log('%s begins', name)
        await new Promise(setImmediate)
        console.warn('%s ends', name)
      }),
    ),
  )
  console.log('nobody')
  assert.deepEqual(told, { process: ['nobody'], a: ['a begins', 'a ends'], b: ['b begins', 'b ends'] })
})
