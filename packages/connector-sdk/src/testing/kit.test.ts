/** The kit as an author runs it: in a process of its own, by the outcome of its tests. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'

/** Runs the check that looks at reasons alone, for a source whose author gives nothing but this. */
async function tried(given: string): Promise<string> {
  const at = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href)
  const program = `
    import { sourceKit } from ${at('./kit.ts')}
    import { memorySource } from ${at('./memory-source.test-support.ts')}
    sourceKit({ ...memorySource(), ${given} })`
  const child = spawn(
    process.execPath,
    [
      ...process.execArgv.filter((flag) => flag.startsWith('--conditions')),
      '--test-reporter=tap',
      '--test-name-pattern=says of each check',
      '--input-type=module-typescript',
      '-e',
      program,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_TEST_CONTEXT: undefined } },
  )
  const [printed] = await Promise.all([text(child.stdout), once(child, 'exit')])
  return printed
}

test('a check that is left out without a reason fails the kit, and says what is missing', async () => {
  const why = "{ cannot: 'It opens no connection' }"
  const explained = await tried(
    `wrongPassword: ${why}, network: ${why}, types: ${why}, atWork: ${why}, settings: []`,
  )
  assert.match(explained, /^ *ok \d+ - says of each check/m)
  const silent = await tried(`wrongPassword: ${why}, types: ${why}, atWork: ${why}, settings: []`)
  assert.match(silent, /not ok \d+ - says of each check/)
  assert.match(silent, /The test gives no `network`, and does not say why it cannot/)
})
