import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Admin } from '@platformatic/kafka'
import pg from 'pg'
import { isAlive } from './cache.ts'
import { type ServerName, serverNames, servers } from './servers.ts'

interface Run {
  readonly child: ChildProcess
  readonly environment: Readonly<Record<string, string>>
  readonly pids: readonly number[]
  readonly folder: string
}

/**
 * Starts `npm run services -- NAMES`, servers of its own, and waits until they answer. Undefined, with the test
 * skipped, where this machine cannot have one of them.
 */
async function startRun(
  t: TestContext,
  names: readonly ServerName[],
  known: Readonly<Record<string, string>> = {},
): Promise<Run | undefined> {
  const variables = new Set<string>(serverNames.map((name) => servers[name].variable))
  const others = Object.entries(process.env).filter(([name]) => !variables.has(name))
  const child = spawn(process.execPath, [join(import.meta.dirname, '../services.ts'), ...names], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...Object.fromEntries(others), ...known },
  })
  t.after(() => child.kill('SIGKILL'))
  const environment: Record<string, string> = {}
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [, name = '', value = ''] = /^export (\w+)='(.*)'$/.exec(line) ?? []
    environment[name] = value
  })
  let said = ''
  for await (const line of createInterface({ input: child.stderr })) {
    const [, pids, folder = ''] =
      /^The servers run as (?:processes ([\d, ]+)|no process) over (\S+);/.exec(line) ?? []
    if (folder !== '') {
      const missing = /^no \w+: .*$/m.exec(said)?.[0]
      if (missing !== undefined) {
        t.skip(missing)
        return undefined
      }
      assert.doesNotMatch(said, / failed: /)
      const run = { child, environment, pids: pids?.split(', ').map(Number) ?? [], folder }
      // the other pipe may be read later
      while (Object.keys(environment).length < run.pids.length) await sleep(10)
      return run
    }
    said += `${line}\n`
  }
  throw new Error(`The servers did not start: ${said}`)
}

/** Whether everything of the run is gone, waited for as long as the servers may take to stop. */
async function isGone({ pids, folder }: Run): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < 10_000; waitedMs += 50) {
    if (!pids.some(isAlive) && !existsSync(folder)) return true
    await sleep(50)
  }
  return false
}

test('the servers answer, and are gone after a kill -9 of the run that started them', async (t) => {
  const run = await startRun(t, ['postgres', 's3'])
  if (run === undefined) return
  assert.equal(run.pids.length, 2)
  assert.ok(run.pids.every(isAlive))

  const client = new pg.Client({ connectionString: run.environment['BULKHEAD_TEST_POSTGRES'] })
  client.on('error', () => undefined) // the server goes while this is connected
  await client.connect()
  const { rows } = await client.query(`SELECT current_setting('listen_addresses') AS addresses`)
  assert.deepEqual(rows, [{ addresses: '127.0.0.1' }])
  const { endpoint } = JSON.parse(run.environment['BULKHEAD_TEST_S3'] ?? '') as { endpoint: string }
  assert.equal((await fetch(endpoint)).status, 403)

  run.child.kill('SIGKILL')
  await once(run.child, 'exit')
  assert.ok(await isGone(run), 'a server or its data outlived the run')
})

test('a server on Java is gone after a kill -9 too', async (t) => {
  const run = await startRun(t, ['kafka'])
  if (run === undefined) return
  const { bootstrap } = JSON.parse(run.environment['BULKHEAD_TEST_KAFKA'] ?? '') as { bootstrap: string }
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [bootstrap] })
  assert.deepEqual(await admin.listTopics(), [])
  await admin.close()

  run.child.kill('SIGKILL')
  await once(run.child, 'exit')
  assert.ok(await isGone(run), 'a server or its data outlived the run')
})

test('the servers are gone when the run has ended by a signal', async (t) => {
  const run = await startRun(t, ['postgres', 's3'])
  if (run === undefined) return
  run.child.kill('SIGTERM')
  const [code] = (await once(run.child, 'exit')) as [number | null]
  assert.equal(code, 143)
  assert.deepEqual([run.pids.filter(isAlive), existsSync(run.folder)], [[], false])
})

test('a server whose variable is set is not started', async (t) => {
  const own = Object.fromEntries(serverNames.map((name) => [servers[name].variable, 'a server of mine']))
  const run = await startRun(t, serverNames, own)
  assert.deepEqual([run?.pids, run?.environment], [[], {}])
})
