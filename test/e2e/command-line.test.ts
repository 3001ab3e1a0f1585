import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { buildProgram } from '../../apps/cli/src/program.ts'
import { bulkhead, checkout, json, launcher, temporaryFolder } from './command.ts'

const commands = buildProgram('0.0.0').commands.map((command) => command.name())

test('help names every command in groups, three examples, exit codes and variables', async () => {
  const { code, stdout, stderr } = await bulkhead(['--help'])
  assert.deepEqual([code, stderr], [0, ''])
  for (const command of commands) assert.match(stdout, new RegExp(`^ {2}${command}\\b`, 'm'), command)
  for (const heading of [
    'Run:',
    'Look before you run:',
    'Write an application:',
    'Exit codes:',
    'Environment variables:',
  ])
    assert.ok(stdout.includes(`\n${heading}\n`), heading)
  assert.equal(stdout.split('Examples:\n')[1]?.split('\n\n')[0]?.split('\n').length, 3)
  for (const exit of ['0 ', '1 ', '2 ', '3 ', '4 ', '5 ', '75 ', '128+n'])
    assert.match(stdout, new RegExp(`^ {2}${exit.replace('+', '\\+')}`, 'm'))
  assert.doesNotMatch(stdout, /\u001B/) // oxlint-disable-line no-control-regex -- no colours in a pipe
})

test('every command has help of its own, with a usage line', async () => {
  // those that are groups of others
  const groups = [
    'connectors',
    'keys',
    'secret',
    'runs',
    'replies',
    'tokens',
    'applications',
    'contract',
    'engines',
  ]
  const names = [
    ...commands.filter((name) => !groups.includes(name)).map((name) => [name]),
    ['connectors', 'list'],
    ['connectors', 'show'],
    ['keys', 'create'],
    ['keys', 'list'],
    ['secret', 'seal'],
  ]
  const all = await Promise.all(names.map((name) => bulkhead([...name, '--help'])))
  for (const [index, { code, stdout }] of all.entries()) {
    assert.equal(code, 0)
    assert.match(stdout, new RegExp(`^Usage: bulkhead ${names[index]?.join(' ')} `))
    assert.match(stdout, /--json/)
  }
})

test('no command at all shows the help, and is an error', async () => {
  const { code, stdout, stderr } = await bulkhead([])
  assert.deepEqual([code, stdout], [2, ''])
  assert.match(stderr, /^Usage: bulkhead/)
})

test('a mistyped command or option is answered with the one that was meant', async () => {
  for (const [args, meant] of [
    [['rnu'], 'run'],
    [['connectors', 'lst'], 'list'],
    [['run', '--aplication', 'x'], '--application'],
    [['plan', 'x', '--jsn'], '--json'],
  ] as const) {
    const { code, stdout, stderr } = await bulkhead(args)
    assert.deepEqual([code, stdout], [2, ''], args.join(' '))
    assert.match(stderr, new RegExp(`^error: .*\\n {2}code: usage\\n {2}fix: {2}Did you mean ${meant}\\?`))
  }
})

test('with --json even a mistake on the command line is JSON', async () => {
  const { code, stderr } = await bulkhead(['run', '--aplication', 'x', '--json'])
  assert.equal(code, 2)
  const { level, error } = JSON.parse(stderr) as { level: string; error: Record<string, unknown> }
  assert.deepEqual([level, error['code'], error['kind']], ['error', 'usage', 'config'])
})

test('what is said as text is said as JSON too, by the same value', async (t) => {
  const folder = join(temporaryFolder(t), 'shop')
  for (const [args, field] of [
    [['init', folder], 'application'],
    [['validate', folder], 'application'],
    [['lock', folder], 'application'],
    [['plan', folder, '-p', 'year=2026'], 'form'],
    [['preview', folder, '-p', 'year=2026'], 'rows'],
    [['test', folder], 'passed'],
    [['check', folder], 'items'],
    [['connectors', 'list'], 'connectors'],
    [['connectors', 'show', 'postgres'], 'summary'],
    [['explain', 'job-unknown'], 'meaning'],
    [['schema', 'application'], 'properties'],
    [['doctor'], 'findings'],
  ] as const) {
    const ended = await bulkhead([...args, '--json'])
    assert.equal(ended.code, 0, `${args.join(' ')}: ${ended.stderr}`)
    assert.equal(ended.stdout.trim().split('\n').length, 1)
    const value = json(ended)
    assert.ok(field in value || field in (value['source'] as object), `${args.join(' ')} has ${field}`)
    if (args[0] === 'init') continue
    const text = await bulkhead(args)
    assert.equal(text.code, 0, text.stderr)
    assert.notEqual(text.stdout.trim(), '')
    assert.doesNotMatch(text.stdout, /\u001B/) // oxlint-disable-line no-control-regex
  }
})

test('schemas are those that are published', async () => {
  for (const [what, file] of [
    ['request', 'request.v1.json'],
    ['reply', 'reply.v1.json'],
    ['application', 'application.v1beta1.json'],
    ['environment', 'environment.v1beta1.json'],
  ] as const) {
    const { stdout } = await bulkhead(['schema', what])
    assert.deepEqual(
      JSON.parse(stdout),
      JSON.parse(readFileSync(join(checkout, 'packages/contract/schemas', file), 'utf8')),
    )
  }
})

test('explain knows every code of the platform and of each connector', async () => {
  const all = json<readonly Record<string, unknown>[]>(await bulkhead(['explain', '--json']))
  for (const one of all)
    for (const field of ['code', 'kind', 'meaning', 'fix', 'exitCode']) assert.ok(one[field] !== undefined)
  const from = new Set(all.map((one) => one['connector']))
  const connectors = readdirSync(join(checkout, 'connectors'))
  assert.deepEqual([...from].map(String).toSorted(), [...connectors, 'undefined'].toSorted())
  assert.match((await bulkhead(['explain', 'job-unknow'])).stderr, /did you mean `job-unknown`\?/)
})

test('a reader that goes away is no news', async () => {
  const child = spawn(launcher, ['explain', '--json'], { cwd: checkout, stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()))
  child.stdout.destroy()
  const code = await new Promise((settle) => child.on('close', settle))
  assert.deepEqual([code, stderr], [141, ''])
})

test('the answer of run is one reply event on standard output, and all else on standard error', async (t) => {
  const out = temporaryFolder(t)
  const args = ['run', '--application', 'examples/data-desk', '--request', '-', '--out', out]
  const input = JSON.stringify({
    requestId: 'r-1',
    source: { connection: 'archive', query: 'SELECT iata FROM airports WHERE state = :state ORDER BY 1' },
    parameters: { state: 'WA' },
    ouptut: {},
  })
  const plain = await bulkhead(args, { input })
  assert.equal(plain.code, 0, plain.stderr)
  const { type, subject, data } = json<{ type: string; subject: string; data: Record<string, unknown> }>(
    plain,
  )
  assert.deepEqual([type, subject, data['status']], ['dev.bulkhead.run.completed.v1', 'r-1', 'completed'])
  assert.match(String(data['warnings']), /`ouptut` is not known; did you mean `output`\?/)
  assert.match(plain.stderr, /^Running: archive \(duckdb\).*\n[^]*completed, 65 rows/)

  const logged = await bulkhead([...args, '--log-format', 'json'], { input })
  for (const line of logged.stderr.trim().split('\n'))
    assert.ok('message' in (JSON.parse(line) as object), line)
  const quiet = await bulkhead([...args, '--log-level', 'error'], { input })
  assert.equal(quiet.stderr, '')
})

test('a failed run is answered with 0 where a second run would answer it twice', async (t) => {
  const input = JSON.stringify({ requestId: 'r-1', job: 'none' })
  const args = ['run', '--application', 'examples/flights', '--request', '-', '--out', temporaryFolder(t)]
  assert.equal((await bulkhead(args, { input })).code, 2)
  assert.equal((await bulkhead([...args, '--exit', 'answered'], { input })).code, 0)
  const knative = { K_EXECUTION_MODE: 'batch' }
  assert.equal((await bulkhead(args, { input, environment: knative })).code, 0)
  assert.equal((await bulkhead([...args, '--exit', 'outcome'], { input, environment: knative })).code, 2)
})

test('paths are those of the folder in which the command was started', async (t) => {
  const folder = temporaryFolder(t)
  assert.equal((await bulkhead(['init', 'shop'], { folder })).code, 0)
  const run = await bulkhead(
    ['run', '--application', 'shop', '--job', 'sales', '-p', 'year=2026', '--out', 'here'],
    { folder },
  )
  assert.equal(run.code, 0, run.stderr)
  const { data } = json<{ data: { result: { files: { location: string }[] } } }>(run)
  assert.match(
    data.result.files[0]?.location ?? '',
    new RegExp(`^file://${folder}/here/[0-9a-f-]{36}/sales-2026\\.csv$`),
  )
})
