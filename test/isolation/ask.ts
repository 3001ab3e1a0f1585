/** Asks an application in its own way, and waits for its answer where the answer comes. */
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReplyData, ReplyEvent, RunAccepted, RunView } from '@bulkhead/contract'
import type { Generated } from '../../examples/thirty/generate.ts'
import { type Answer, answerOf } from './answer.ts'
import type { Home } from './home.ts'
import type { Hook } from './hook.ts'
import type { Served } from './served.ts'

export interface AskOptions {
  readonly served: Served
  readonly home: Home
  readonly hook: Hook
  /** Its reason is thrown when no answer came until then. */
  readonly signal: AbortSignal
}

const lookMs = 150

/** @throws when it was refused, or not answered in time */
export async function ask(
  application: Generated,
  requestId: string,
  { served, home, hook, signal }: AskOptions,
): Promise<Answer> {
  const { name, folder } = application
  const request = { requestId, ...application.request }
  let runId: string | undefined
  if (application.asked === 'folder') await drop(join(folder, 'inbox'), requestId, request)
  else if (application.asked === 'topic')
    await home.topics?.send(`${name}.requests`, [JSON.stringify(request)])
  else runId = await post(name, request, served, signal)
  const key = `${name}/${requestId}`
  const look = {
    poll: () => ofRun(runId ?? '', served),
    webhook: () => Promise.resolve(hook.answers.get(key)),
    file: () => ofFile(join(folder, 'replies'), requestId),
    topic: () => Promise.resolve(home.topics?.answers.get(key)),
  }[application.answers]
  for (;;) {
    const reply = await look()
    if (reply !== undefined) return await answerOf(reply, home.read)
    signal.throwIfAborted()
    if (served.exit() !== undefined) throw new Error(`The server is gone: ${served.exit()}`)
    await sleep(lookMs)
  }
}

/** Whole under its name, as a writer who cares does. */
async function drop(inbox: string, requestId: string, request: unknown): Promise<void> {
  await mkdir(inbox, { recursive: true })
  const half = join(inbox, `.${requestId}`)
  await writeFile(half, JSON.stringify(request))
  await rename(half, join(inbox, `${requestId}.json`))
}

async function post(name: string, body: unknown, served: Served, signal: AbortSignal): Promise<string> {
  const answer = await served.call(`/api/v1/applications/${name}/runs`, { method: 'POST', body, signal })
  if (answer.status !== 202) throw new Error(`It was not taken: ${answer.status} ${await answer.text()}`)
  return ((await answer.json()) as RunAccepted).runId
}

async function ofRun(runId: string, served: Served): Promise<ReplyData | undefined> {
  const answer = await served.call(`/api/v1/runs/${runId}`)
  if (!answer.ok) throw new Error(`Its run is not shown: ${answer.status} ${await answer.text()}`)
  return ((await answer.json()) as RunView).reply as ReplyData | undefined
}

async function ofFile(folder: string, requestId: string): Promise<ReplyData | undefined> {
  const names = await readdir(folder).catch((): string[] => [])
  for (const name of names.filter((one) => one.endsWith('.json'))) {
    const { data } = JSON.parse(await readFile(join(folder, name), 'utf8')) as ReplyEvent
    if (data.requestId === requestId) return data
  }
  return undefined
}
