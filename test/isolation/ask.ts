/** Asks an application in its own way, and waits for its answer where the answer comes. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReplyData, ReplyEvent, RunAccepted, RunView } from '@bulkhead/contract'
import type { Generated } from '../../examples/thirty/generate.ts'
import type { Served } from './served.ts'

/** What must be the same whatever else happens on the server. */
export interface Answer {
  readonly status: string
  /** Name, bytes, rows, and the SHA-256 of what lies in the store, of each file. */
  readonly files: readonly (readonly [name: string, bytes: number, rows: number | null, sha256: string])[]
  readonly error: string | undefined
}

/** Answers that came to a webhook, by `application/request`. */
export interface Hook extends AsyncDisposable {
  readonly url: string
  readonly answers: ReadonlyMap<string, ReplyData>
}

export async function startHook(): Promise<Hook> {
  const answers = new Map<string, ReplyData>()
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { data } = JSON.parse(body) as ReplyEvent
      answers.set(`${data.application}/${data.requestId}`, data)
      response.writeHead(204).end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    answers,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export interface AskOptions {
  readonly served: Served
  readonly hook: Hook
  /** Its reason is thrown when no answer came until then. */
  readonly signal: AbortSignal
}

const lookMs = 150

/** @throws when it was refused, or not answered in time */
export async function ask(
  application: Generated,
  requestId: string,
  { served, hook, signal }: AskOptions,
): Promise<Answer> {
  const request = { requestId, ...application.request }
  let runId: string | undefined
  if (application.asked === 'folder') await drop(join(application.folder, 'inbox'), requestId, request)
  else runId = await post(application.name, request, served, signal)
  const look = {
    poll: () => ofRun(runId ?? '', served),
    webhook: () => Promise.resolve(hook.answers.get(`${application.name}/${requestId}`)),
    file: () => ofFile(join(application.folder, 'replies'), requestId),
    topic: () => Promise.resolve(undefined),
  }[application.answers]
  for (;;) {
    const reply = await look()
    if (reply !== undefined) return await answerOf(reply)
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

async function answerOf({ status, result, error }: ReplyData): Promise<Answer> {
  const files = (result?.files ?? []).map(async ({ name, bytes, rows, location = '', checksum }) => {
    const content = await readFile(new URL(location))
    if (digest(content) !== checksum.value) throw new Error(`${name} is not what its reply says`)
    return [name, bytes, rows, digest(withoutChance(name, content))] as const
  })
  return { status, files: await Promise.all(files), error: error?.code }
}

/** Between the blocks of an Avro file stands a marker that its writer draws by chance; its last bytes are one. */
function withoutChance(name: string, content: Buffer): Buffer {
  if (!name.endsWith('.avro')) return content
  const marker = content.subarray(-16).toString('latin1')
  return Buffer.from(content.toString('latin1').replaceAll(marker, ''), 'latin1')
}

function digest(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
