/** The requests of a run of chaos, and what each must get. */
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Producer, stringSerializers } from '@platformatic/kafka'
import { brokersOf, type KafkaServer } from '../support/kafka.ts'
import type { ChaosApplication } from './chaos-applications.ts'
import type { Random } from './random.ts'

export interface ChaosRequest {
  readonly id: string
  readonly application: ChaosApplication
  readonly seed: number
  readonly rows: number
}

/** So many requests in a row go to so few applications, as they do: a runner that is started serves some of them before it dies. */
const wave = 240
const inWave = 2

/** Requests without end, the same for the same chance. */
export function* makeRequests(
  applications: readonly ChaosApplication[],
  random: Random,
): Generator<ChaosRequest, never> {
  for (let seed = 0; ; seed++) {
    const first = Math.floor(seed / wave) * inWave
    const application = applications[(first + random.below(inWave)) % applications.length]
    if (application === undefined) throw new Error('No application to ask')
    yield { id: `req-${seed}`, application, seed, rows: 1 + random.below(100) }
  }
}

export function parametersOf({ seed, rows }: ChaosRequest): { readonly seed: number; readonly rows: number } {
  return { seed, rows }
}

function textOf(request: ChaosRequest): string {
  return JSON.stringify({ requestId: request.id, job: 'small', parameters: parametersOf(request) })
}

/** The file that a request gives when nothing disturbs it, computed without the platform. */
export function expectedFile({ seed, rows }: ChaosRequest): {
  readonly bytes: number
  readonly sha256: string
} {
  const lines = Array.from({ length: rows }, (_, index) => {
    const i = index + 1
    const mark = createHash('md5')
      .update(String(seed * 1000 + i))
      .digest('hex')
    return `${seed},${i},${mark}\n`
  })
  const text = `seed,i,mark\n${lines.join('')}`
  return { bytes: Buffer.byteLength(text), sha256: createHash('sha256').update(text).digest('hex') }
}

export interface SendOptions {
  readonly least: number
  readonly twice: (request: ChaosRequest) => boolean
  readonly perSecond: number
  /** How many were answered: what is sent keeps a little ahead of it, so that nothing disturbs an idle server. */
  readonly finished: () => number
  readonly isDisturbedEnough: () => boolean
}

/** Sent and not finished, and without end so many a second: what waits for a request must not wait for ever. */
const ahead = 120
const trickle = 4
const tickMs = 250

/**
 * Writes requests to their topics, a few at a time, each twice where `twice` says so: at least as many as asked for, and
 * more for as long as it is not disturbed enough.
 *
 * @returns those that were sent
 */
export async function sendRequests(
  server: KafkaServer,
  requests: Iterator<ChaosRequest, never>,
  { least, twice, perSecond, finished, isDisturbedEnough }: SendOptions,
): Promise<readonly ChaosRequest[]> {
  const sent: ChaosRequest[] = []
  const producer = new Producer({
    clientId: 'chaos',
    bootstrapBrokers: brokersOf(server),
    serializers: stringSerializers,
    idempotent: true,
  })
  try {
    while (sent.length < least || !isDisturbedEnough()) {
      const isBehind = sent.length < Math.min(least, finished() + ahead)
      const count = Math.max(1, Math.round(((isBehind ? perSecond : trickle) * tickMs) / 1000))
      const batch = Array.from({ length: count }, () => requests.next().value)
      const messages = batch.flatMap((request) => {
        const message = { topic: request.application.requests, key: request.id, value: textOf(request) }
        return twice(request) ? [message, message] : [message]
      })
      await producer.send({ messages })
      sent.push(...batch)
      await sleep(tickMs)
    }
    return sent
  } finally {
    await producer.close()
  }
}
