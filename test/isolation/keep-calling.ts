/** A culprit by what it sends, which never becomes a run: again and again, until it is stopped. */
import { truncate, writeFile } from 'node:fs/promises'
import { mkdir, readdir, rename } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Act, Stage } from './culprit.ts'

/** Sends once; resolves to what was wrong with how it was received, undefined when nothing was. */
type Send = (turn: number) => Promise<string | undefined>

const atOnce = 4
const enough = 8
const pauseMs = 20

function keepCalling(stage: Stage, send: Send): Act {
  const stop = new AbortController()
  const faults = new Set<string>()
  let calls = 0
  let marked = 0
  let turn = 0
  const calling = Array.from({ length: atOnce }, async () => {
    while (!stop.signal.aborted && stage.served.exit() === undefined) {
      const fault = await send(turn++).catch((error: unknown) => String(error))
      if (fault !== undefined) faults.add(`${stage.name}: ${fault}`)
      calls += 1
      await sleep(pauseMs, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  })
  return {
    seen: () => Promise.resolve(calls >= enough),
    mark: () => void (marked = calls),
    atIt: () => Promise.resolve(calls > marked),
    async stop() {
      stop.abort()
      await Promise.all(calling)
      const runs = await stage.served.runs(stage.name)
      if (runs.some(({ state }) => state === 'queued' || state === 'running'))
        faults.add(`${stage.name}: what is no request became a run that is not over`)
      return [...faults]
    },
  }
}

const deep = 100_000
/** Bodies that are no requests, or such as no job takes. */
const poison: readonly string[] = [
  '',
  '{',
  'null',
  '[]',
  '"a text"',
  '['.repeat(deep),
  `${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`,
  '{"requestId": 1, "job": "extract"}',
  '{"requestId": "x", "job": "no-such-job"}',
  '{"requestId": "x", "job": "__proto__"}',
  '{"requestId": "x", "job": "extract", "__proto__": {"job": "other"}, "constructor": {"prototype": 1}}'.replace(
    '"extract"',
    '"constructor"',
  ),
  '{"requestId": "x", "job": "extract", "parameters": {"nobody": "declared this"}}',
  `{"requestId": "${'x'.repeat(100_000)}", "job": "extract"}`,
  `{"requestId": "x", "job": "extract", "context": "${'x'.repeat(100_000)}"}`,
  '{"requestId": "../../etc/passwd\\u0000", "job": "extract"}',
  '{"specversion": "9.9", "id": "x", "source": "/", "type": "dev.bulkhead.run.requested.v1", "data": {}}',
  '\u0000\u0001\u0002',
]

/** By HTTP and by files, in turn. */
export function keepPoisoning(stage: Stage): Act {
  return keepCalling(stage, async (turn) => {
    const body = poison[turn % poison.length] ?? ''
    if (turn % 3 === 0) return await dropFile(stage, turn, (file) => writeFile(file, body))
    const path = `/api/v1/applications/${stage.name}/runs`
    const answer = await stage.served.call(path, { caller: 'culprit', method: 'POST', body })
    await answer.text()
    const isRefused = answer.status >= 400 && answer.status < 500
    return isRefused ? undefined : `${JSON.stringify(body.slice(0, 80))} was answered ${answer.status}`
  })
}

const mib = Buffer.alloc(1024 * 1024, 'x')
const bodyMib = 100

/** A hundred MiB by HTTP, of no announced length, and now and then as a file. */
export function keepSendingMuch(stage: Stage): Act {
  return keepCalling(stage, async (turn) => {
    if (turn % 20 === 0) return await dropFile(stage, turn, hugeFile)
    const status = await postMuch(stage)
    return status === undefined || status === 413 || status === 429
      ? undefined
      : `${bodyMib} MiB were answered ${status}`
  })
}

async function hugeFile(file: string): Promise<void> {
  await writeFile(file, '{')
  await truncate(file, bodyMib * mib.length)
}

/** @returns undefined when the server hung up, which it may */
async function postMuch({ served, name }: Stage): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>()
  const post = request(new URL(`/api/v1/applications/${name}/runs`, served.url), {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${served.tokenOf('culprit')}`,
      'Content-Type': 'application/json',
      'Transfer-Encoding': 'chunked',
    },
  })
  post.on('response', (answer) => {
    answer.resume()
    resolve(answer.statusCode)
    post.destroy()
  })
  post.on('error', () => resolve(undefined))
  post.on('close', () => resolve(undefined))
  for (let index = 0; index < bodyMib && !post.destroyed; index++) {
    if (post.write(mib)) continue
    await new Promise<void>((go) => post.once('drain', go).once('close', go))
  }
  post.end()
  return await promise
}

/** Into the folder that it is asked by; at most some wait there. */
async function dropFile(
  { folder, name }: Stage,
  turn: number,
  write: (file: string) => Promise<void>,
): Promise<undefined> {
  const inbox = join(folder, 'inbox')
  await mkdir(inbox, { recursive: true })
  if ((await readdir(inbox)).length > 20) return undefined
  const half = join(inbox, `.${name}-${turn}`)
  await write(half)
  await rename(half, join(inbox, `${name}-${turn}.json`))
  return undefined
}
