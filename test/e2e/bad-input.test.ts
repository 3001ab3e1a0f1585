import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { bulkhead, filesBelow, json, launcher, temporaryFolder } from './command.ts'
import { writeApplication } from '../support/application-folder.ts'
import { type BadInput, inputs, spec } from './bad-inputs.ts'
import { assertRefused } from './refusal.ts'

/**
 * Every bad input that needs no server: its documented exit code, one error with code, path and fix, a
 * failure reply, and nothing half-written.
 */

for (const input of inputs) {
  test(`${input.title} is refused with ${input.code}`, async (t) => {
    const { folder, args, options } = await prepare(t, input)
    await assertRefused(t, args, input, {
      ...options,
      results: join(folder, 'results'),
      never: /hunter2|secret row/,
    })
  })
}

async function prepare(t: TestContext, input: BadInput) {
  const folder = temporaryFolder(t)
  await writeApplication(folder, 'shop', input.spec?.(spec) ?? spec, {
    'data/sales.csv': 'year,article\n2025,lamp\n2026,chair\n',
    'map.ts': 'export default (row: object) => row',
    ...input.files,
  })
  const { request, job = 'sales', parameters = ['year=2026'], args = [] } = input
  const application = args.includes('--application') ? [] : ['--application', folder]
  const question =
    request !== undefined
      ? ['--request', '-']
      : args.includes('--request')
        ? []
        : ['--job', job, ...parameters.flatMap((parameter) => ['-p', parameter])]
  return {
    folder,
    args: [...application, ...question, ...args],
    options: {
      folder,
      ...(input.environment !== undefined && { environment: input.environment }),
      ...(request !== undefined && {
        input: typeof request === 'string' ? request : JSON.stringify(request),
      }),
    },
  }
}

test('a host where nobody listens is an outage: tried again, then answered with exit code 3', async (t) => {
  const { folder } = await prepare(t, { title: '', code: '', exit: 0, path: undefined })
  const { port } = await closedPort()
  const request = {
    requestId: 'r-1',
    source: {
      connector: 'postgres',
      config: { host: '127.0.0.1', port, database: 'x', user: 'x' },
      query: 'SELECT 1',
    },
  }
  const reply = await assertRefused(
    t,
    ['--request', '-', '--out', join(folder, 'results')],
    { code: 'postgres-unreachable', exit: 3, path: 'source.config.host' },
    { folder, input: JSON.stringify(request), results: join(folder, 'results') },
  )
  assert.equal(reply.data.error.retryable, true)
})

test('a hostile but legal request id harms nothing, and comes back as it was', async (t) => {
  const { folder, options } = await prepare(t, { title: '', code: '', exit: 0, path: undefined })
  for (const requestId of [
    '../../../etc/passwd',
    '$(touch pwned)',
    "'; DROP TABLE x; --",
    '<script>',
    '\u202Eabc',
  ]) {
    const ended = await bulkhead(['run', '--application', folder, '--request', '-'], {
      ...options,
      input: JSON.stringify({ requestId, job: 'sales', parameters: { year: 2026 } }),
    })
    assert.equal(ended.code, 0, ended.stderr)
    assert.equal(json<{ subject: string }>(ended).subject, requestId)
    assert.ok(!ended.stderr.includes('\u202E'))
  }
  const made = filesBelow(folder).filter((file) => !/^(data|map\.ts|application\.yaml)/.test(file))
  for (const file of made) assert.match(file, /^results\/[0-9a-f-]{36}\/sales\.csv$/)
})

test('an application that nobody may read is told apart from one that is not there', async (t) => {
  const { folder, args, options } = await prepare(t, { title: '', code: '', exit: 0, path: undefined })
  chmodSync(join(folder, 'application.yaml'), 0)
  await assertRefused(
    t,
    args,
    { code: 'manifest-unreadable', exit: 2, path: undefined },
    {
      ...options,
      results: join(folder, 'results'),
      // root may read everything, but for what it gives up
      ...(process.getuid?.() === 0 && {
        program: ['setpriv', '--bounding-set=-dac_override,-dac_read_search', launcher],
      }),
    },
  )
})

test('a state folder that cannot be used is an error of this machine', async (t) => {
  const { folder, args } = await prepare(t, { title: '', code: '', exit: 0, path: undefined })
  writeFileSync(join(folder, 'file'), '')
  await assertRefused(
    t,
    args,
    { code: 'state-folder-unusable', exit: 3, path: undefined },
    {
      folder,
      environment: { XDG_STATE_HOME: join(folder, 'file') },
      results: join(folder, 'results'),
    },
  )
})

test('a full disk is an error of this machine, and nothing of the result is left', async (t) => {
  const { folder } = await prepare(t, { title: '', code: '', exit: 0, path: undefined })
  const results = join(folder, 'results')
  mkdirSync(results)
  // A file system of 1 MiB in a mount namespace of the child's own. What is left in it is listed before it is gone.
  const script =
    'mount -t tmpfs -o size=1m tmpfs "$0" && left=$1 && shift && "$@"; code=$?; find "$0" -type f >"$left"; exit $code'
  try {
    execFileSync('unshare', ['-Urm', 'sh', '-c', 'mount -t tmpfs -o size=1m tmpfs "$0"', results], {
      stdio: 'ignore',
    })
  } catch {
    return t.skip('this machine lets nobody mount a small file system')
  }
  const left = join(folder, 'left')
  await assertRefused(
    t,
    ['--application', folder, '--job', 'many'],
    { code: 'files-disk-full', exit: 3, path: undefined },
    { folder, results, program: ['unshare', '-Urm', 'sh', '-c', script, results, left, launcher] },
  )
  assert.equal(readFileSync(left, 'utf8'), '')
})

/** A port on which nobody listens: one that was free a moment ago. */
async function closedPort(): Promise<{ readonly port: number }> {
  const server = createServer()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  await new Promise((closed) => server.close(closed))
  return { port: typeof address === 'object' && address !== null ? address.port : 1 }
}
