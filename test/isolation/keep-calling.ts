/** A culprit by what it sends, which never becomes a run: again and again, until it is stopped. */
import { truncate, writeFile } from 'node:fs/promises'
import { mkdir, readdir, rename } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Act, Stage } from './culprit.ts'
import { unreadable, wrong } from './poison.ts'

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
    felt: () => Promise.resolve(calls - marked >= enough),
    mark: () => void (marked = calls),
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

const poison = [
  ...unreadable,
  ...wrong.map((body) => body.replace('ID', 'x')),
  '{"requestId": 1, "job": "extract"}',
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

/** A hundred MiB by HTTP, announced and not, and now and then as a file. */
export function keepSendingMuch(stage: Stage): Act {
  return keepCalling(stage, async (turn) => {
    if (turn % 20 === 0) return await dropFile(stage, turn, hugeFile)
    const status = await postMuch(stage, turn % 2 === 0)
    return status === undefined || status === 413 || status === 429
      ? undefined
      : `${bodyMib} MiB were answered ${status}`
  })
}

async function hugeFile(file: string): Promise<void> {
  await writeFile(file, '{')
  await truncate(file, bodyMib * mib.length)
}

/**
 * Goes on to send after it was refused, until all is sent or the server hangs up, which it may.
 * @returns undefined when it was not answered
 */
async function postMuch({ served, name }: Stage, isAnnounced: boolean): Promise<number | undefined> {
  let status: number | undefined
  const post = request(new URL(`/api/v1/applications/${name}/runs`, served.url), {
    method: 'POST',
    agent: false,
    headers: {
      Authorization: `Bearer ${served.tokenOf('culprit')}`,
      'Content-Type': 'application/json',
      ...(isAnnounced ? { 'Content-Length': bodyMib * mib.length } : { 'Transfer-Encoding': 'chunked' }),
    },
  })
  const closed = new Promise<void>((resolve) => post.once('close', resolve))
  post.on('error', () => undefined)
  post.on('response', (answer) => {
    status = answer.statusCode
    answer.resume().on('error', () => undefined)
  })
  for (let index = 0; index < bodyMib && !post.destroyed; index++) {
    if (post.write(mib)) continue
    await Promise.race([closed, new Promise((go) => post.once('drain', go))])
  }
  post.end()
  await closed
  return status
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
