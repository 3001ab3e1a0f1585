/** What a server's metrics are to Prometheus: read and judged by its own tool, after a run and a refusal. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import type { RunView } from '@bulkhead/contract'
import { unpackedPackages } from '../../scripts/services/debian-packages.ts'
import { findExecutable, pathFolders } from '../../scripts/services/find-executable.ts'
import { checkout } from './command.ts'
import { startServer } from './start-server.ts'
import { until } from './until.ts'

interface Promtool {
  readonly path: string
  readonly environment: Readonly<Record<string, string>>
}

/** Of this machine, or out of its package; undefined: it cannot be had, and the test is skipped. */
async function promtool(t: TestContext): Promise<Promtool | undefined> {
  const installed = findExecutable('promtool', pathFolders())
  if (installed !== undefined) return { path: installed, environment: {} }
  try {
    const { root, environment } = await unpackedPackages(
      'promtool',
      'prometheus',
      AbortSignal.timeout(120_000),
    )
    return { path: join(root, 'usr/bin/promtool'), environment }
  } catch (error) {
    t.skip(`promtool cannot be had: ${String(error).slice(0, 300)}`)
    return undefined
  }
}

/** @returns what it finds wrong, and its exit code */
async function check(
  { path, environment }: Promtool,
  metrics: string,
): Promise<{ readonly code: number | null; readonly said: string }> {
  const child = spawn(path, ['check', 'metrics'], { env: { ...process.env, ...environment } })
  const exited = new Promise<number | null>((resolve, reject) => {
    child.on('close', resolve)
    child.on('error', reject)
  })
  child.stdin.on('error', () => undefined) // it may end at the first fault
  child.stdin.end(metrics)
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), exited])
  return { code, said: out + err }
}

test('promtool finds no fault in the metrics of a server, and would find one', async (t) => {
  const tool = await promtool(t)
  if (tool === undefined) return
  const { url } = await startServer(t, join(checkout, 'examples/flights'), {
    environment: { BULKHEAD_PLATFORM__APPLICATIONS__REQUESTS_PER_SECOND: '0.1' },
  })
  const start = (airport: string): Promise<Response> =>
    fetch(`${url}/api/v1/applications/flights/jobs/departures/runs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ parameters: { airport } }),
    })
  const { runId } = (await (await start('SEA')).json()) as RunView
  const refused = await start('SFO')
  assert.equal(refused.status, 429)
  const wait = Number(refused.headers.get('retry-after'))
  assert.ok(wait > 1 && wait <= 10, `${wait} s`)
  assert.match(await refused.text(), /application-too-fast/)
  await until('the end of the run', async () => {
    const run = (await (await fetch(`${url}/api/v1/runs/${runId}`)).json()) as RunView
    return run.reply
  })
  const metrics = await (await fetch(`${url}/metrics`)).text()
  assert.match(
    metrics,
    /^bulkhead_runs_total\{application="flights",status="completed",engine="built-in"\} 1$/m,
  )
  assert.match(metrics, /^bulkhead_requests_held_total\{application="flights"\} 1$/m)

  assert.deepEqual(await check(tool, metrics), { code: 0, said: '' })
  const planted = `${metrics}\n# TYPE bulkhead_planted counter\nbulkhead_planted 1\n`
  const { code, said } = await check(tool, planted)
  assert.notEqual(code, 0)
  assert.match(said, /bulkhead_planted/)
})
