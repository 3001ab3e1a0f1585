/** Keys of an application, and credentials that are sealed to them, by the command line (D13). */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { bulkhead, type Ended, json, launcher, temporaryFolder } from './command.ts'

const secret = 'hunter2 of the test'

interface Place {
  readonly folder: string
  readonly run: (args: readonly string[], input?: string) => Promise<Ended>
}

function place(t: TestContext): Place {
  const folder = temporaryFolder(t)
  return {
    folder,
    run: (args, input) =>
      bulkhead(args, {
        folder,
        environment: { XDG_STATE_HOME: folder },
        ...(input !== undefined && { input }),
      }),
  }
}

/** An ad hoc request of the built-in application to a server that is not there. */
function request(jwe: string, change: object = {}): string {
  const config = { host: '127.0.0.1', port: 1, database: 'd', user: 'u', tls: { mode: 'disable' } }
  const source = { connector: 'postgres', config, credentials: { jwe }, query: 'SELECT 1', ...change }
  return JSON.stringify({ requestId: 'req-1', source })
}

test('credentials that were sealed by the command are opened by a run, and by no other one', async (t) => {
  const { run, folder } = place(t)
  const application = 'ad-hoc'
  const missing = await run(['keys', 'export', application])
  assert.equal(missing.code, 2)
  assert.match(missing.stderr, /key-missing/)
  const made = json<{ kid: string }>(await run(['keys', 'create', application, '--json']))
  const keys = json<{ keys: { kid: string }[] }>(await run(['keys', 'export', application]))
  assert.deepEqual(
    keys.keys.map(({ kid }) => kid),
    [made.kid],
  )
  assert.doesNotMatch(JSON.stringify(keys), /"d"/)
  writeFileSync(join(folder, 'keys.json'), JSON.stringify(keys))

  const seal = async (...options: readonly string[]): Promise<string> => {
    const args = ['secret', 'seal', '--application', application, '--jwks', 'keys.json', ...options]
    const ended = await run(args, JSON.stringify({ password: secret }))
    assert.equal(ended.code, 0, ended.stderr)
    return ended.stdout.trim()
  }
  const codeOf = async (text: string): Promise<string> => {
    const ended = await run(['run', '--request', '-'], text)
    assert.doesNotMatch(ended.stdout + ended.stderr, /hunter2/)
    return json<{ data: { error: { code: string } } }>(ended).data.error.code
  }
  const jwe = await seal('--request-id', 'req-1')
  // opened: what fails is the server, which is not there
  assert.match(await codeOf(request(jwe)), /^postgres-/)
  assert.equal(await codeOf(request(await seal('--request-id', 'req-2'))), 'credentials-bound-elsewhere')
  assert.equal(await codeOf(request(`${jwe.slice(0, -2)}AA`)), 'credentials-unopened')
  const opened = json<{ data: { warnings: string[] } }>(await run(['run', '--request', '-'], request(jwe)))
  assert.deepEqual(opened.data.warnings, [])

  await run(['keys', 'rotate', application])
  assert.match(await codeOf(request(jwe)), /^postgres-/)
  const rotated = json<{ keys: { kid: string; state: string }[] }>(
    await run(['keys', 'list', application, '--json']),
  )
  assert.deepEqual(
    rotated.keys.map(({ state }) => state),
    ['current', 'opens only'],
  )
  await run(['keys', 'remove', application, made.kid])
  assert.equal(await codeOf(request(jwe)), 'credentials-key-unknown')
})

test('a request with sealed credentials can be planned where nobody can open them', async (t) => {
  const ended = await place(t).run(['plan', '--request', '-', '--json'], request('eyJ.a.b.c.d'))
  assert.equal(ended.code, 0, ended.stderr)
})

test('says what is wrong with a command line that seals, and quotes no secret', async (t) => {
  const { run, folder } = place(t)
  await run(['keys', 'create', 'billing'])
  writeFileSync(join(folder, 'private.json'), JSON.stringify({ keys: [{ kty: 'RSA', d: secret }] }))
  const good = ['--application', 'billing', '--request-id', 'r']
  const wrong: readonly (readonly [args: readonly string[], input: string, reason: RegExp])[] = [
    [good, `{"password": "${secret}"`, /no JSON object/],
    [good, `["${secret}"]`, /no JSON object/],
    [['password', ...good], '', /Nobody is there/],
    [['--application', '../x', '--request-id', 'r'], '{}', /name of an application/],
    [[...good, '--expires', '2001-01-01'], '{}', /expired/],
    [[...good, '--expires', 'P-1D'], '{}', /duration/i],
    [[...good, '--jwks', 'nowhere.json'], '{}', /ENOENT/],
    [[...good, '--jwks', 'private.json'], '{}', /private one/],
    [[...good, '--jwks', 'http://keys.example/'], '{}', /not https/],
    [['--application', 'shipping', '--request-id', 'r'], '{}', /has no key/],
    [[...good], JSON.stringify({ password: 'x'.repeat(60_000) }), /characters/],
  ]
  const refuse = async ([args, input, reason]: (typeof wrong)[number]): Promise<void> => {
    const ended = await run(['secret', 'seal', ...args], input)
    assert.equal(ended.code, 2, ended.stderr)
    assert.match(ended.stderr, reason)
    assert.match(ended.stderr, /fix:/)
    assert.doesNotMatch(ended.stderr + ended.stdout, /hunter2/)
  }
  await Promise.all(wrong.map(refuse))
})

const hasTerminals = spawnSync('script', ['--version']).status === 0

test(
  'asks for secrets without showing them',
  { skip: !hasTerminals && 'the program `script` is not installed' },
  async (t) => {
    const { run, folder } = place(t)
    await run(['keys', 'create', 'billing'])
    const command = `${launcher} secret seal password tls.key --application billing --request-id r`
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      cwd: folder,
      env: { ...process.env, XDG_STATE_HOME: folder },
      timeout: 60_000,
    })
    let shown = ''
    const answers = new Map([
      ['password: ', secret],
      ['tls.key: ', 'PEM hunter2'],
    ])
    child.stdout.on('data', (bytes: Buffer) => {
      shown += bytes.toString()
      for (const [question, answer] of answers)
        if (shown.includes(question)) {
          answers.delete(question)
          child.stdin.write(`${answer}\r`)
        }
    })
    const code = await new Promise((resolve) => child.on('close', resolve))
    assert.equal(code, 0, shown)
    assert.match(shown, /eyJ[\w-]+(\.[\w-]+){4}/)
    assert.doesNotMatch(shown, /hunter2/)
  },
)
