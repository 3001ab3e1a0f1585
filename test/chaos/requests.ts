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

/** @param share  of requests that are sent twice: a topic that is replayed */
export function makeRequests(
  applications: readonly ChaosApplication[],
  count: number,
  random: Random,
): readonly ChaosRequest[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `req-${index}`,
    application: random.pick(applications),
    seed: index,
    rows: 1 + random.below(100),
  }))
}

function textOf({ id, seed, rows }: ChaosRequest): string {
  return JSON.stringify({ requestId: id, job: 'small', parameters: { seed, rows } })
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
  readonly twice: (request: ChaosRequest) => boolean
  readonly perSecond: number
  /** From 0 to 1, how far the disturbances are: requests keep pace with them, so that none of them hits an idle server. */
  readonly disturbed: () => number
}

/** Sent while nothing is done yet, and without end so many a second: what waits for a request must not wait for ever. */
const ahead = 40
const trickle = 4

/** Writes requests to their topics, a few at a time, each twice where `twice` says so. */
export async function sendRequests(
  server: KafkaServer,
  requests: readonly ChaosRequest[],
  { twice, perSecond, disturbed }: SendOptions,
): Promise<void> {
  const producer = new Producer({
    clientId: 'chaos',
    bootstrapBrokers: brokersOf(server),
    serializers: stringSerializers,
    idempotent: true,
  })
  const tickMs = 250
  try {
    for (let from = 0; from < requests.length;) {
      const isBehind = from < requests.length * disturbed() + ahead
      const to = from + Math.max(1, Math.round(((isBehind ? perSecond : trickle) * tickMs) / 1000))
      const messages = requests.slice(from, to).flatMap((request) => {
        const message = { topic: request.application.requests, key: request.id, value: textOf(request) }
        return twice(request) ? [message, message] : [message]
      })
      await producer.send({ messages })
      from = to
      await sleep(tickMs)
    }
  } finally {
    await producer.close()
  }
}
