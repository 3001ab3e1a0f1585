/** The requests of a run of chaos, and what each must get. */
import { createHash } from 'node:crypto'
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

export function textOf({ id, seed, rows }: ChaosRequest): string {
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

/** Writes requests to their topics, a few at a time, each twice where `twice` says so. */
export async function sendRequests(
  server: KafkaServer,
  requests: readonly ChaosRequest[],
  options: { readonly twice: (request: ChaosRequest) => boolean; readonly perSecond: number },
): Promise<void> {
  const producer = new Producer({
    clientId: 'chaos',
    bootstrapBrokers: brokersOf(server),
    serializers: stringSerializers,
    idempotent: true,
  })
  try {
    const batch = Math.max(1, Math.round(options.perSecond / 10))
    for (let from = 0; from < requests.length; from += batch) {
      const started = performance.now()
      const part = requests.slice(from, from + batch)
      const messages = part.flatMap((request) => {
        const message = { topic: request.application.requests, key: request.id, value: textOf(request) }
        return options.twice(request) ? [message, message] : [message]
      })
      await producer.send({ messages })
      const rest = 100 - (performance.now() - started)
      if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest))
    }
  } finally {
    await producer.close()
  }
}
