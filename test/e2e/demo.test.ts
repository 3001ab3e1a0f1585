import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { bulkhead, checkout, filesBelow, temporaryFolder } from './command.ts'

const withNode = ['sh', join(checkout, 'scripts/with-node.sh'), 'scripts/demo.ts'] as const

function gitStatus(): string {
  return execFileSync('git', ['status', '--porcelain'], { cwd: checkout, encoding: 'utf8' })
}

test('the demo runs two applications on real data, checks what their links bring, and ends by itself', async (t) => {
  const out = temporaryFolder(t)
  const temporary = temporaryFolder(t)
  const before = gitStatus()
  const startedMs = Date.now()
  // From another folder, as by npm: and under whatever Node is in PATH.
  const { code, stdout, stderr } = await bulkhead(['--once', '--out', out], {
    program: [...withNode],
    folder: temporary,
    environment: { TMPDIR: temporary },
  })
  assert.equal(code, 0, stdout + stderr)
  assert.ok(Date.now() - startedMs < 60_000)
  assert.equal(gitStatus(), before)

  for (const application of ['flights', 'data-desk'])
    assert.match(
      stdout,
      new RegExp(
        `\\$ npx bulkhead plan examples/${application} [^]*\\n {2}Form +columns[^]*\\n {2}Guarantee +exactly-once-effect`,
      ),
    )
  assert.match(stderr, /166,341 rows/)
  assert.match(stderr, /3,000,000 rows/)
  assert.equal(stdout.match(/"type": "dev\.bulkhead\.run\.completed\.v1"/g)?.length, 2)
  assert.equal(stdout.match(/✓ [\d,]+ bytes, as the reply says/g)?.length, 2)
  assert.match(stdout, /✓ 3,000,000 rows counted in it, as the reply says/)
  for (const [index, file] of ['departures-ORD.csv.gz', 'flights-2001.csv.zst'].entries()) {
    const path = filesBelow(out).find((name) => name.endsWith(file))
    assert.ok(path !== undefined, file)
    const sha256 = createHash('sha256')
      .update(readFileSync(join(out, path)))
      .digest('hex')
    assert.equal([...stdout.matchAll(/✓ sha256 ([0-9a-f]{64}), as/g)][index]?.[1], sha256)
  }
  assert.deepEqual(
    filesBelow(temporary).filter((file) => !/compile|node-/.test(file)),
    [],
  )
})

test('what the demo says to try next works', async (t) => {
  const folder = temporaryFolder(t)
  const demo = readFileSync(join(checkout, 'scripts/demo.ts'), 'utf8')
  const flights = readFileSync(join(checkout, 'scripts/demo/flights.ts'), 'utf8')
  const commands = [...`${demo}${flights}`.matchAll(/npx bulkhead ([^'`\n]+)'/g)].map(
    (match) => match[1] ?? '',
  )
  assert.ok(commands.length >= 6, commands.join('\n'))
  for (const command of commands) {
    if (command === 'serve-files') continue // stays until it is stopped: launcher.test.ts
    const args = command.split(' ').map((arg) => arg.replace(/^bulkhead-out\//, `${folder}/`))
    const { code, stderr } = await bulkhead(args)
    assert.equal(code, 0, `${command}: ${stderr}`)
  }
})

test('the demo refuses what it does not understand, and a database address that is none', async () => {
  assert.notEqual((await bulkhead(['--twice'], { program: [...withNode] })).code, 0)
  const { code, stderr } = await bulkhead([], {
    program: [...withNode],
    environment: { DATABASE_URL: 'nonsense:hunter2' },
  })
  assert.equal(code, 1)
  assert.match(stderr, /DATABASE_URL is not of the form/)
  assert.doesNotMatch(stderr, /hunter2/)
})
