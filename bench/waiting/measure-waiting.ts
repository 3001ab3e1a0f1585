/**
 * How long runs of twenty-nine applications wait while a thirtieth does what it should not, against as long without it: on
 * the embedded default, at two fifths of the load that the twenty-nine can have.
 */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunView } from '@bulkhead/contract'
import { startApi } from '../../examples/thirty/api.ts'
import { generate } from '../../examples/thirty/generate.ts'
import { readTable } from '../../examples/thirty/table.ts'
import { commandEnvironment } from '../bulkhead-command.ts'
import { type Spread, spreadOf } from '../measure/statistics.ts'
import type { Measuring } from '../requests/measure-requests.ts'
import { serveApplications } from '../requests/running-server.ts'
import { askedAtOnce, culpritName, type Deed, deeds, writeCulprit } from './culprit.ts'
import { type Question, waitingClient, type WaitingClient } from './waiting-client.ts'

export interface WaitingFigures {
  readonly lane: `waiting-${Deed}`
  readonly rounds: number
  /** Offered, of all twenty-nine. */
  readonly perSecond: number
  /** 95th percentile, from the acceptance of a request to the start of its run: milliseconds. */
  readonly quietMs: Spread
  readonly besideMs: Spread
  /** Of the two, round by round. */
  readonly ratio: Spread
}

const load = 0.4
const atOnce = 8
/** As long as it takes for so many requests, within bounds. */
const wanted = { requests: 100, leastMs: 20_000, mostMs: 60_000 }
const calibratedMs = 10_000
const settleMs = 3_000
/** Who ask at once, in a flood. */
const floodsAtOnce = 4

interface Place {
  readonly applications: string
  readonly questions: readonly Question[]
}

export async function measureWaiting(measuring: Measuring): Promise<readonly WaitingFigures[]> {
  const { scratch, rounds, rest, say } = measuring
  const folder = join(scratch.folder, 'waiting')
  await using api = await startApi()
  const place = await makePlace(folder, api.url)
  const perSecond = load * (await capacityOf(measuring, place))
  say(`The load is ${perSecond.toFixed(1)} requests a second`)
  const quiet: number[] = []
  const beside = new Map<Deed, number[]>(deeds.map((deed) => [deed, []]))
  for (let round = 1; round <= rounds; round++) {
    await rest()
    quiet.push(await waitsOf(measuring, place, perSecond))
    for (const [deed, waits] of beside) {
      await rest()
      waits.push(await waitsOf(measuring, place, perSecond, deed))
      say(
        `Round ${round} of ${rounds}, ${deed}: ${waits.at(-1)?.toFixed(0)} ms, quiet ${quiet.at(-1)?.toFixed(0)} ms`,
      )
    }
  }
  return [...beside].map(([deed, waits]) => ({
    lane: `waiting-${deed}` as const,
    rounds,
    perSecond,
    quietMs: spreadOf(quiet),
    besideMs: spreadOf(waits),
    ratio: spreadOf(waits.map((ms, round) => ms / (quiet[round] ?? Number.NaN))),
  }))
}

async function makePlace(folder: string, api: string): Promise<Place> {
  const made = await generate(folder, await readTable(), { API: api, HOOK: new URL('hook', api).href })
  const applications = join(folder, 'applications')
  // the culprit takes the place of one
  const [last, ...others] = made.toReversed()
  await rm(last?.folder ?? '', { recursive: true })
  await writeCulprit(applications)
  return { applications, questions: others.map(({ name, request }) => ({ name, request })) }
}

/** Runs something beside a server of its own, which every application has run on. */
async function withServer<T>(
  { command, scratch }: Measuring,
  { applications, questions }: Place,
  use: (client: WaitingClient) => Promise<T>,
): Promise<T> {
  const folder = join(scratch.folder, 'waiting-server')
  await mkdir(folder)
  try {
    await using server = await serveApplications({
      command: {
        file: command,
        args: [],
        environment: { ...commandEnvironment(), BULKHEAD_ALLOW_LOOPBACK: '1' },
      },
      folder,
      applications,
      platform: {
        http: { port: 0, requestsPerSecond: 100_000 },
        files: { port: 0 },
        runners: { stopGrace: 'PT1S' },
        drain: 'PT1S',
      },
    })
    const client = waitingClient(server.url, server.token)
    await askClosed(client, questions, (asked) => asked < questions.length)
    return await use(client)
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Requests a second with so many always under way. */
function capacityOf(measuring: Measuring, place: Place): Promise<number> {
  return withServer(measuring, place, async (client) => {
    const startMs = performance.now()
    const done = await askClosed(client, place.questions, () => performance.now() - startMs < calibratedMs)
    return (done * 1000) / (performance.now() - startMs)
  })
}

/** @returns how many were asked and are over */
async function askClosed(
  client: WaitingClient,
  questions: readonly Question[],
  more: (asked: number) => boolean,
): Promise<number> {
  let asked = 0
  const asking = Array.from({ length: atOnce }, async () => {
    while (more(asked)) {
      const runId = await client.ask(questions[asked++ % questions.length] as Question)
      if (runId !== undefined) await client.ended(runId)
    }
  })
  await Promise.all(asking)
  return asked
}

/** @returns the 95th percentile of the waits, milliseconds */
function waitsOf(measuring: Measuring, place: Place, perSecond: number, deed?: Deed): Promise<number> {
  return withServer(measuring, place, async (client) => {
    const ending = new AbortController()
    const doing = deed === undefined ? Promise.resolve() : keepDoing(client, deed, ending.signal)
    try {
      await sleep(settleMs)
      const runs = await askOpen(client, place.questions, perSecond)
      return quantile95(runs.map(waitOf))
    } finally {
      ending.abort()
      await doing
    }
  })
}

/** At their times, whatever becomes of those before; in an order that differs from round to round. */
async function askOpen(
  client: WaitingClient,
  questions: readonly Question[],
  perSecond: number,
): Promise<readonly RunView[]> {
  const startMs = performance.now()
  const asking: Promise<RunView | undefined>[] = []
  const everyMs = 1000 / perSecond
  const measuredMs = Math.min(wanted.mostMs, Math.max(wanted.leastMs, wanted.requests * everyMs))
  for (let asked = 0; asked * everyMs < measuredMs; asked++) {
    await sleep(Math.max(0, startMs + asked * everyMs - performance.now()))
    const question = questions[Math.floor(Math.random() * questions.length)] as Question
    asking.push(askOne(client, question))
  }
  return (await Promise.all(asking)).filter((run) => run !== undefined)
}

async function askOne(client: WaitingClient, question: Question): Promise<RunView | undefined> {
  const runId = await client.ask(question)
  return runId === undefined ? undefined : client.ended(runId)
}

async function keepDoing(client: WaitingClient, deed: Deed, signal: AbortSignal): Promise<void> {
  const question = { name: culpritName, request: { job: deed } }
  if (deed === 'flood')
    await Promise.all(Array.from({ length: floodsAtOnce }, () => flood(client, question, signal)))
  else await keepSome(client, question, signal)
}

/** As many as may wait, and asks for more as soon as it is refused no more. */
async function flood(client: WaitingClient, question: Question, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) if ((await client.ask(question)) === undefined) await sleep(20)
}

async function keepSome(client: WaitingClient, question: Question, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const [queued, running] = await Promise.all([
      client.runs(culpritName, 'queued'),
      client.runs(culpritName, 'running'),
    ])
    const missing = Math.max(0, askedAtOnce - queued.length - running.length)
    await Promise.all(Array.from({ length: missing }, () => client.ask(question)))
    await sleep(100)
  }
}

function waitOf({ acceptedAt, startedAt, finishedAt }: RunView): number {
  return Date.parse(startedAt ?? finishedAt ?? '') - Date.parse(acceptedAt)
}

function quantile95(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * 0.95) - 1)] ?? Number.NaN
}
