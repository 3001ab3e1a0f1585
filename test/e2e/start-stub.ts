/** A stub as a consumer starts it, and questions to it. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { ReplyData, RunAccepted, RunView } from '@bulkhead/contract'
import { startBulkhead, type StartOptions } from './command.ts'
import { until } from './until.ts'

export interface Stub {
  readonly url: string
  /** What it said when it was started, a message a line. */
  readonly notices: readonly string[]
  /** A request to a job; the mark of a stub is on the answer. */
  ask(application: string, job: string, body?: object): Promise<Response>
  /** The reply to a request that is taken. */
  reply(application: string, job: string, body?: object): Promise<ReplyData>
  get(path: string): Promise<Response>
  /** The file of a run, by its link. */
  file(runId: string, name: string): Promise<Buffer>
}

export async function startStub(
  t: TestContext,
  folder: string,
  args: readonly string[] = [],
  options: StartOptions = {},
): Promise<Stub> {
  const { child, ended } = startBulkhead(
    ['stub', folder, '--port', '0', '--log-format', 'json', ...args],
    options,
  )
  let told = ''
  child.stderr?.on('data', (part: Buffer) => void (told += part.toString()))
  t.after(async () => {
    child.kill('SIGTERM')
    await ended
  })
  const url = await until('the stub', () => {
    assert.equal(child.exitCode, null, told)
    return /"url":"(http:[^"]+)"/.exec(told)?.[1]
  })
  const get = (path: string): Promise<Response> => fetch(new URL(path, url))
  const stub: Stub = {
    url,
    notices: told
      .trim()
      .split('\n')
      .map((line) => String((JSON.parse(line) as { message: unknown }).message)),
    get,
    ask: (application, job, body = {}) =>
      fetch(`${url}/api/v1/applications/${application}/jobs/${job}/runs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    async reply(application, job, body) {
      const answer = await stub.ask(application, job, body)
      assert.equal(answer.status, 202, await answer.clone().text())
      assert.equal(answer.headers.get('bulkhead-stub'), application)
      const { run } = (await answer.json()) as RunAccepted
      return await until(`the end of ${run}`, async () => {
        const shown = await get(run)
        assert.equal(shown.headers.get('bulkhead-stub'), application)
        return ((await shown.json()) as RunView).reply as ReplyData | undefined
      })
    },
    async file(runId, name) {
      const answer = await get(`/api/v1/runs/${runId}/files/${name}`)
      assert.equal(answer.status, 200, await answer.clone().text())
      assert.ok(answer.headers.has('bulkhead-stub'), 'a download says what it is of')
      return Buffer.from(await answer.arrayBuffer())
    },
  }
  return stub
}
