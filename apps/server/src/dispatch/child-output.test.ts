import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { readChildOutput } from './child-output.ts'

function read() {
  const stream = new PassThrough()
  const lines: string[] = []
  const tell = (level: string) => (message: string, details?: unknown) =>
    void lines.push(`${level} ${message} ${JSON.stringify(details)}`)
  const log = { debug: tell('debug'), info: tell('info'), warn: tell('warn') }
  return { stream, lines, output: readChildOutput([stream], log, { pid: 7 }) }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

test('tells lines of a runner by their level, and everything else as it came', async () => {
  const { stream, lines, output } = read()
  stream.write('{"level":"warn","message":"no","fields":{"a":1}}\nfrom native')
  stream.write(' code\n')
  stream.end('the last words')
  await settled()
  assert.deepEqual(lines, [
    'warn no {"pid":7,"a":1}',
    'info from native code {"pid":7,"output":true}',
    'info the last words {"pid":7,"output":true}',
  ])
  assert.match(output.last, /the last words/)
})

test('a flood of lines, and a line without end, stay within bounds', async () => {
  const { stream, lines, output } = read()
  for (let line = 0; line < 10_000; line++) stream.write(`line ${line}\n`)
  for (let piece = 0; piece < 100; piece++) stream.write('x'.repeat(10_000))
  stream.end('\n')
  await settled()
  assert.ok(lines.length <= 200, `${lines.length} lines`)
  assert.ok(lines.every((line) => line.length < 5_000))
  assert.ok(output.last.length <= 4_000)
  assert.ok(output.leftOut > 9_000 && output.leftOut < 10_000)
})
