/** The same request at the same instant through the HTTP doors of two servers: one run, whoever was first. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Scope } from '../support/cleanup.ts'
import { execute } from '../support/postgres.ts'
import { contentsOf } from '../support/s3.ts'
import { randomOf } from './random.ts'
import { readReplies } from './replies.ts'
import { type ChaosRequest, makeRequests, parametersOf } from './requests.ts'
import { settle, settled } from './settle.ts'
import { judge, type Tally } from './verdict.ts'
import { makeWorld, type WorldOptions } from './world.ts'

export interface SameInstantResult {
  readonly tally: Tally
  /** Pairs of which the first answer came from each of the servers. */
  readonly firsts: readonly number[]
  readonly faults: readonly string[]
}

/** Pairs under way at once. */
const atOnce = 8

interface Answer {
  readonly status: number
  readonly run: string | null
}

export async function runSameInstant(
  scope: Scope,
  options: Omit<WorldOptions, 'servers'> & { readonly requests: number; readonly stillMs: number },
): Promise<SameInstantResult> {
  const { seed, stillMs, tell } = options
  await using world = await makeWorld(scope, { ...options, servers: 2 })
  const doors = await Promise.all(world.servers.map((server) => server.url()))
  const source = makeRequests(world.applications, randomOf(seed))
  const requests = Array.from({ length: options.requests }, () => source.next().value)
  const waiting = [...requests]
  const faults: string[] = []
  const firsts = doors.map(() => 0)

  async function pairs(): Promise<void> {
    for (let request = waiting.pop(); request !== undefined; request = waiting.pop()) {
      const asked = request
      let first: number | undefined
      const answers = await Promise.all(
        doors.map(async (door, index) => {
          const answer = await ask(door, asked)
          first ??= index
          return answer
        }),
      )
      if (first !== undefined) firsts[first] = (firsts[first] ?? 0) + 1
      const [one, other] = answers
      if (one?.status !== 202 || one.run === null || !isDeepStrictEqual(one, other))
        faults.push(`${asked.id}: ${JSON.stringify(answers)}`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, pairs))
  const stuck = await settle({ repository: world.repository, requests: requests.length, stillMs, tell })
  const [{ runs } = {}] = await execute(world.repository, 'SELECT count(*) AS runs FROM bulkhead.runs')
  if (Number(runs) !== requests.length) faults.push(`${Number(runs)} runs of ${requests.length} requests`)
  const topics = world.applications.map(({ replies }) => replies)
  const tally = await settled(
    async () => judge(requests, await readReplies(world.kafka, topics), await contentsOf(world.bucket)),
    stillMs / 4,
  )
  return { tally, firsts, faults: [...faults, ...stuck] }
}

/** A server whose repository is slow to answer says so, and whoever asked asks again. */
const mostTries = 20
const pauseMs = 500

async function ask(door: string, request: ChaosRequest): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    const answer = await askOnce(door, request)
    if (answer.status !== 503 || tries === mostTries) return answer
    await sleep(pauseMs)
  }
}

async function askOnce(door: string, request: ChaosRequest): Promise<Answer> {
  const response = await fetch(`${door}/api/v1/applications/${request.application.name}/jobs/small/runs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': request.id },
    body: JSON.stringify({ parameters: parametersOf(request) }),
  })
  await response.arrayBuffer()
  const { status, headers } = response
  return { status, run: headers.get('location')?.split('/').at(-1) ?? null }
}
