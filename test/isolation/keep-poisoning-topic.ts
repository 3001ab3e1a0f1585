/** A culprit by what it writes to its topic: no JSON, no text, nothing, far too much. None of it may be lost. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Act, Stage } from './culprit.ts'
import { unreadable, wrong } from './poison.ts'
import type { CulpritTopics } from './team.ts'
import type { Topics } from './topics.ts'

const poison = [...unreadable, undefined, Buffer.from([0xff, 0xfe, 0x00]), Buffer.from([0xc3, 0x28])]
/** More than a request may have, and than a topic of dead letters takes. */
const huge = Buffer.alloc(12 * 1024 * 1024, 'x')
const hugeEvery = 10
const everyMs = 200
const enough = 10
const endMs = 120_000

export function keepPoisoningTopic(
  { served, name }: Stage,
  topics: Topics,
  { requests, deadLetters, group }: CulpritTopics,
): Act {
  const stop = new AbortController()
  const faults: string[] = []
  /** Offsets of what must become dead letters; those of what is far too large lose their value. */
  const lost = new Map<number, 'whole' | 'too large'>()
  const asked: string[] = []
  let offset = 0
  let marked = 0

  async function poisonOnce(turn: number): Promise<void> {
    for (const [index] of poison.entries()) lost.set(offset + index, 'whole')
    const own = wrong.map((body, index) => ({ id: `${name}-${turn}-${index}`, body }))
    asked.push(...own.map(({ id }) => id))
    await topics.send(requests, [...poison, ...own.map(({ id, body }) => body.replace('ID', id))])
    offset += poison.length + own.length
    if (turn % hugeEvery !== 0) return
    lost.set(offset++, 'too large')
    await topics.send(requests, [huge])
  }

  const poisoning = (async () => {
    for (let turn = 0; !stop.signal.aborted && served.exit() === undefined; turn++)
      try {
        await poisonOnce(turn)
        await sleep(everyMs, undefined, { signal: stop.signal }).catch(() => undefined)
      } catch (error) {
        faults.push(`${name}: ${String(error)}`)
        return
      }
  })()

  const unanswered = (): readonly string[] => asked.filter((id) => !topics.answers.has(`${name}/${id}`))

  async function lettersFaults(): Promise<readonly string[]> {
    const letters = await topics.read(deadLetters, lost.size)
    const found = new Map(letters.map(({ headers }) => [Number(headers['bulkhead_offset']), headers]))
    return [...lost].flatMap(([at, is]) => {
      const headers = found.get(at)
      if (headers === undefined) return [`${name}: the message ${at} is no dead letter`]
      const hasReason = headers['bulkhead_error_code'] !== undefined
      const isTooLarge = headers['bulkhead_value'] === 'too large'
      return hasReason && isTooLarge === (is === 'too large')
        ? []
        : [`${name}: the dead letter of ${at} says ${JSON.stringify(headers)}`]
    })
  }

  return {
    felt: async () => (await topics.end(deadLetters)) >= marked + enough,
    mark: () => void (marked = lost.size),
    async stop() {
      stop.abort()
      await poisoning
      const isDone = async (): Promise<boolean> =>
        unanswered().length === 0 &&
        (await topics.end(deadLetters)) >= lost.size &&
        (await topics.lag(requests, group)) === 0
      const deadline = performance.now() + endMs
      while (!(await isDone()))
        if (performance.now() > deadline)
          return [
            ...faults,
            `${name}: ${unanswered().length} have no reply, ${await topics.end(deadLetters)} of ${lost.size} are dead letters, ${await topics.lag(requests, group)} are not taken`,
          ]
        else await sleep(250)
      for (const id of asked) {
        const { status } = topics.answers.get(`${name}/${id}`) ?? {}
        if (status !== 'failed') faults.push(`${name}: the wrong request ${id} was answered ${status}`)
      }
      return [...faults, ...(await lettersFaults())]
    },
  }
}
