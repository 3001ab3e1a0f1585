/** One turn: a culprit is at it, the others are asked, and must be answered before it is stopped. */
import { isDeepStrictEqual } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Generated } from '../../examples/thirty/generate.ts'
import type { Answer } from './answer.ts'
import { ask } from './ask.ts'
import type { Culprit } from './culprit.ts'
import type { Home } from './home.ts'
import type { Hook } from './hook.ts'
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
  readonly home: Home
  readonly hook: Hook
  readonly others: readonly Generated[]
  readonly quiet: Quiet
  /** Requests to each of the others. */
  readonly runs: number
  /** How long the others may take. Nothing is said by it about how fast they are. */
  readonly settleMs: number
}

/** How long the server may take to feel a culprit. */
const feltMs = 120_000

export async function takeTurn(
  culprit: Culprit,
  folder: string,
  { served, home, hook, others, quiet, runs, settleMs }: TurnOptions,
): Promise<Turn> {
  const begunMs = performance.now()
  const faults: string[] = []
  const waitsMs: number[] = []
  const act = culprit.begin({ served, name: culprit.name, folder })
  const isUp = (): boolean => served.exit() === undefined
  // of a dead server nothing can be learned but that
  const isFelt = (): Promise<boolean> =>
    act.felt().catch(async (error: unknown) => {
      await sleep(1000)
      if (isUp()) throw error
      return false
    })
  async function isFeltInTime(): Promise<boolean> {
    for (const by = performance.now() + feltMs; isUp() && performance.now() < by; await sleep(100))
      if (await isFelt()) return true
    return false
  }
  if (!(await isFeltInTime())) faults.push(`${culprit.name}: it was never at it`)
  const signal = AbortSignal.timeout(settleMs)
  for (let run = 1; run <= runs; run++)
    await Promise.all(
      others.map(async (other) => {
        const askedMs = performance.now()
        try {
          const answer = await ask(other, `${culprit.name}-${run}`, { served, home, hook, signal })
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
  // harm that is felt from now on comes of a culprit that was at it when the last of the others was answered
  act.mark()
  faults.push(...(isUp() ? await home.harm(others.map(({ name }) => name)) : []))
  if (!(await isFeltInTime()) && isUp())
    faults.push(`${culprit.name}: it was over before the others were answered`)
  if (!isUp()) faults.push(`${culprit.name}: the server died: ${served.exit()}`)
  else faults.push(...(await act.stop()))
  return { culprit: culprit.name, faults, waitsMs, seconds: (performance.now() - begunMs) / 1000 }
}

/** The answers of a server that has nothing else to do. */
export async function quietAnswers(
  others: readonly Generated[],
  { served, home, hook, settleMs }: Pick<TurnOptions, 'served' | 'home' | 'hook' | 'settleMs'>,
): Promise<{ readonly quiet: Quiet; readonly waitsMs: readonly number[] }> {
  const signal = AbortSignal.timeout(settleMs)
  const waitsMs: number[] = []
  const answers = others.map(async (other): Promise<[string, Answer]> => {
    const askedMs = performance.now()
    const answer = await ask(other, 'quiet', { served, home, hook, signal })
    waitsMs.push(performance.now() - askedMs)
    if (answer.files.length === 0)
      throw new Error(`${other.name} gives no file also when all is quiet: ${answer.error}`)
    return [other.name, answer]
  })
  return { quiet: new Map(await Promise.all(answers)), waitsMs }
}
