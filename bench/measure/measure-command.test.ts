import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measureCommand } from './measure-command.ts'

const environment = process.env
const mebibyte = 2 ** 20
const skip = process.platform !== 'linux' && 'memory and processor time are read from /proc of Linux'

/** Holds 60 MiB for a while, and works all the time. */
const busy = `const held = Buffer.alloc(60 * ${mebibyte}, 1)
  for (const end = Date.now() + 250; Date.now() < end;) held[0]++`

test('sums memory and processor time over all processes of a command', { skip }, async () => {
  const node = process.execPath
  const two = '"$1" -e "$2" & "$1" -e "$2"; wait'
  const { wallSeconds, cpuSeconds, peakBytes, stdout } = await measureCommand({
    file: 'sh',
    args: ['-c', `${two}; echo done`, 'sh', node, busy],
    environment,
  })
  assert.equal(stdout, 'done\n')
  assert.ok(peakBytes > 120 * mebibyte, `both hold 60 MiB, and ${peakBytes} bytes were seen`)
  assert.ok(wallSeconds > 0.25)
  assert.ok(cpuSeconds > 0.1)
})

test('counts nothing of the command before', { skip }, async () => {
  const { cpuSeconds, peakBytes } = await measureCommand({ file: 'true', args: [], environment })
  assert.ok(cpuSeconds < 0.1)
  assert.ok(peakBytes < 20 * mebibyte)
})

test('fails with the command, and with what it said', async () => {
  const command = { file: 'sh', args: ['-c', 'echo no such table >&2; exit 3'], environment }
  await assert.rejects(measureCommand(command), /sh failed: It ended with 3: no such table/)
  await assert.rejects(measureCommand({ file: 'no-such-program', args: [], environment }), /ENOENT/)
})
