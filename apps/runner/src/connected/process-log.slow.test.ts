import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'

const script = `
  import { createProcessLog } from '${import.meta.resolve('./process-log.ts')}'
  import { catchStrayErrors } from '${import.meta.resolve('../stray-errors.ts')}'
  const log = createProcessLog()
  const stray = catchStrayErrors(log)
  process.stdin.once('data', () => {
    log.warn('nobody reads this')
    setTimeout(() => process.exit(stray.signal.aborted ? 1 : 0), 500)
  }).resume()
`

test('a log whose reader is gone is silent, and no fault of any run', async () => {
  const child = spawn(process.execPath, [
    '--conditions=@bulkhead/source',
    '--input-type=module',
    '-e',
    script,
  ])
  const exit = new Promise<unknown>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code))
  })
  child.stdout.destroy()
  child.stderr.destroy()
  child.stdin.write('go\n')
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
  assert.equal(await exit, 0)
  clearTimeout(timer)
})
