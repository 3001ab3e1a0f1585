/** Requests through a server that is warm: one after the other, and several at once. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReplyBox, RequestClient } from './request-way.ts'
import type { RunningServer } from './running-server.ts'

/** What one round of requests came to. */
export interface RequestRound {
  /** Milliseconds from sending each request to having its reply, one after the other. */
  readonly unloadedMs: readonly number[]
  /** The same with several at once. */
  readonly loadedMs: readonly number[]
  /** With several at once. */
  readonly perSecond: number
  /** User and system time of server and runners for a request, with several at once. */
  readonly cpuMs: number
  /** Of server and runners. */
  readonly peakBytes: number
}

export interface Load {
  readonly alone: number
  readonly together: number
  readonly atOnce: number
}

const sampleMs = 250

export async function measureRound(
  server: RunningServer,
  client: RequestClient,
  box: ReplyBox,
  load: Load,
): Promise<RequestRound> {
  const { processes } = server
  const sampling = setInterval(() => processes.sample(), sampleMs)
  try {
    const unloadedMs: number[] = []
    for (let i = 0; i < load.alone; i++) {
      unloadedMs.push(await askOnce(client, box))
      await sleep(2) // what follows a reply is no part of the next request
    }
    processes.sample()
    const cpuBefore = processes.cpuSeconds()
    const start = performance.now()
    const loadedMs = await askTogether(client, box, load.together, load.atOnce)
    const seconds = (performance.now() - start) / 1000
    const cpuSeconds = processes.cpuSeconds() - cpuBefore
    return {
      unloadedMs,
      loadedMs,
      perSecond: load.together / seconds,
      cpuMs: (cpuSeconds * 1000) / load.together,
      peakBytes: processes.peakBytes,
    }
  } finally {
    clearInterval(sampling)
  }
}

/** As many at once as asked for, each the next one when it has its reply. */
export async function askTogether(
  client: RequestClient,
  box: ReplyBox,
  count: number,
  atOnce: number,
): Promise<readonly number[]> {
  const times: number[] = []
  let left = count
  const asking = Array.from({ length: atOnce }, async () => {
    while (left-- > 0) times.push(await askOnce(client, box))
  })
  await Promise.all(asking)
  return times
}

let asked = 0

/** @returns milliseconds */
async function askOnce(client: RequestClient, box: ReplyBox): Promise<number> {
  const requestId = `bench-${process.pid}-${++asked}`
  const start = performance.now()
  const answered = box.wait(requestId).then(() => performance.now() - start)
  const [, ms] = await Promise.all([client.send(requestId), answered])
  return ms
}
