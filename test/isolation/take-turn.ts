/** One turn: a culprit is at it, the others are asked, and must be answered before it is stopped. */
import { isDeepStrictEqual } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Generated } from '../../examples/thirty/generate.ts'
import { type Answer, ask, type Hook } from './ask.ts'
import type { Culprit } from './culprit.ts'
import type { Served } from './served.ts'

/** What each application answers when nothing disturbs it. */
export type Quiet = ReadonlyMap<string, Answer>

export interface Turn {
  readonly culprit: string
  /** What must be none. */
  readonly faults: readonly string[]
  /** From the request to the answer of each of the others, milliseconds. */
  readonly waitsMs: readonly number[]
  readonly seconds: number
}

export interface TurnOptions {
  readonly served: Served
  readonly hook: Hook
  readonly others: readonly Generated[]
  readonly quiet: Quiet
  /** Requests to each of the others. */
  readonly runs: number
  /** How long the others may take. Nothing is said by it about how fast they are. */
  readonly settleMs: number
}

/** How long the server may take to feel a culprit. */
const seenMs = 60_000

export async function takeTurn(
  culprit: Culprit,
  folder: string,
  { served, hook, others, quiet, runs, settleMs }: TurnOptions,
): Promise<Turn> {
  const begunMs = performance.now()
  const faults: string[] = []
  const waitsMs: number[] = []
  const act = culprit.begin({ served, name: culprit.name, folder })
  const seenBy = performance.now() + seenMs
  const isUp = (): boolean => served.exit() === undefined
  // of a dead server nothing can be learned but that
  const whileUp = (ask: () => Promise<boolean>): Promise<boolean> =>
    ask().catch(async (error: unknown) => {
      await sleep(1000)
      if (isUp()) throw error
      return false
    })
  while (!(await whileUp(act.seen))) {
    if (performance.now() > seenBy || !isUp()) {
      faults.push(`${culprit.name}: it was never at it`)
      break
    }
    await sleep(100)
  }
  act.mark()
  const signal = AbortSignal.timeout(settleMs)
  for (let run = 1; run <= runs; run++)
    await Promise.all(
      others.map(async (other) => {
        const askedMs = performance.now()
        try {
          const answer = await ask(other, `${culprit.name}-${run}`, { served, hook, signal })
          waitsMs.push(performance.now() - askedMs)
          const expected = quiet.get(other.name)
          if (!isDeepStrictEqual(answer, expected))
            faults.push(
              `${other.name}: beside ${culprit.name} it answered ${JSON.stringify(answer)}, alone ${JSON.stringify(expected)}`,
            )
        } catch (error) {
          const why = signal.aborted ? 'it had no answer in time' : String(error)
          faults.push(`${other.name}: beside ${culprit.name}, ${why}`)
        }
      }),
    )
  if (!(await whileUp(act.atIt))) faults.push(`${culprit.name}: it was over before the others were answered`)
  if (!isUp()) faults.push(`${culprit.name}: the server died: ${served.exit()}`)
  else faults.push(...(await act.stop()))
  return { culprit: culprit.name, faults, waitsMs, seconds: (performance.now() - begunMs) / 1000 }
}

/** The answers of a server that has nothing else to do. */
export async function quietAnswers(
  others: readonly Generated[],
  { served, hook, settleMs }: Pick<TurnOptions, 'served' | 'hook' | 'settleMs'>,
): Promise<{ readonly quiet: Quiet; readonly waitsMs: readonly number[] }> {
  const signal = AbortSignal.timeout(settleMs)
  const waitsMs: number[] = []
  const answers = others.map(async (other): Promise<[string, Answer]> => {
    const askedMs = performance.now()
    const answer = await ask(other, 'quiet', { served, hook, signal })
    waitsMs.push(performance.now() - askedMs)
    if (answer.files.length === 0)
      throw new Error(`${other.name} gives no file also when all is quiet: ${answer.error}`)
    return [other.name, answer]
  })
  return { quiet: new Map(await Promise.all(answers)), waitsMs }
}
