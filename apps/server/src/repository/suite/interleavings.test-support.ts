import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import type { FinalState } from '@bulkhead/contract'
import fc from 'fast-check'
import type { ClaimedRun, Repository } from '../repository.ts'
import {
  arrive,
  attempts,
  begin,
  cancel,
  end,
  isOver,
  leaseMs,
  lose,
  type ModelRequest,
  type ModelRun,
  newest,
} from './request-model.test-support.ts'
import { sampleOutcome, sampleRequest, sampleRunId } from './samples.test-support.ts'
import type { TestHome } from './suite.test-support.ts'

const requests = 2

/** Which of the requests, runs and epochs a step is about is told by numbers, so that any step can follow any other. */
type Step =
  | { readonly do: 'arrive'; readonly request: number; readonly content: string }
  | { readonly do: 'claim'; readonly runs: number }
  | {
      readonly do: 'finish'
      readonly run: number
      readonly stale: boolean
      readonly as: FinalState
      readonly retryable: boolean
    }
  | { readonly do: 'renew' | 'lose'; readonly run: number; readonly stale: boolean }
  | { readonly do: 'cancel' | 'retry'; readonly run: number }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'recover' }

const index = fc.nat(20)
const stale = fc.constantFrom(false, false, true)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('arrive' as const),
      request: index,
      content: fc.constantFrom('a', 'a', 'a', 'b'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('claim' as const), runs: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('finish' as const),
      run: index,
      stale,
      as: fc.constantFrom<FinalState>('completed', 'completed-with-errors', 'failed', 'cancelled'),
      retryable: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('renew' as const, 'lose' as const, 'lose' as const),
      run: index,
      stale,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('cancel' as const, 'retry' as const), run: index }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 800 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('recover' as const) }) },
)

/** Whatever follows on whatever: the repository says and keeps what a simple model does (I2, I3, I4). */
export function interleavingCases(home: TestHome): void {
  test('any order of arrivals, claims, renewals, ends, losses, recoveries and commands is as the model says', async (t) => {
    const { repository, pass, now } = await home.open(t)
    const seed = randomInt(2 ** 31)
    t.diagnostic(`seed ${seed}`)
    let world = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        const application = `world-${++world}`
        await walk(repository, application, steps, { pass, now })
      }),
      { seed, numRuns: 250 },
    )
  })
}

interface Clock {
  readonly pass: (ms: number) => void
  readonly now: () => number
}

async function walk(
  repository: Repository,
  application: string,
  steps: readonly Step[],
  { pass, now }: Clock,
): Promise<void> {
  const model = Array.from({ length: requests }, (_, n): ModelRequest => ({
    id: `r${n}`,
    content: '',
    runs: [],
    answers: 1,
    messages: [],
  }))
  const all = (): readonly (readonly [ModelRequest, ModelRun])[] =>
    model.flatMap((request) => request.runs.map((run) => [request, run] as const))
  // mostly of the newest runs: the others are over
  const pick = (n: number) => all().toReversed()[n % Math.min(4, Math.max(1, all().length))]
  /** The epoch that a runner believes in. */
  const epochOf = (run: ModelRun, isStale: boolean): number => run.epoch - (isStale ? 1 : 0)
  const holds = (run: ModelRun, epoch: number): boolean => run.state === 'running' && run.epoch === epoch

  const act: { readonly [Do in Step['do']]: (step: Extract<Step, { do: Do }>) => Promise<void> } = {
    async arrive({ request: n, content }) {
      const request = model[n % requests]
      assert.ok(request)
      const runId = sampleRunId()
      const said = await repository.accept(
        sampleRequest(request.id, { application, contentDigest: content, runId }),
      )
      assert.equal(said.is, arrive(request, content, runId))
    },
    async claim({ runs }) {
      const { runs: claimed } = await repository.claim({
        server: 's',
        leaseMs,
        most: [{ application, runs }],
      })
      const waiting = all()
        .filter(([, run]) => run.state === 'queued')
        .toSorted(([, a], [, b]) => (a.runId < b.runId ? -1 : 1))
        .slice(0, runs)
      for (const [, run] of waiting) {
        run.state = 'running'
        run.epoch += 1
        run.leaseUntil = now() + leaseMs
      }
      assert.deepEqual(
        claimed.map(({ run }) => [run.runId, run.epoch]),
        waiting.map(([, run]) => [run.runId, run.epoch]),
      )
    },
    async finish({ run: n, stale: isStale, as, retryable }) {
      const [request, run] = pick(n) ?? []
      if (request === undefined || run === undefined || run.epoch === 0) return
      const epoch = epochOf(run, isStale)
      const may = holds(run, epoch)
      const ended = endedByRunner.get(run.runId) === epoch
      const record = await repository.run(run.runId)
      assert.ok(record)
      const outcome = sampleOutcome({ run: record } satisfies Pick<ClaimedRun, 'run'>, as, retryable)
      assert.equal(
        await repository.finish({ runId: run.runId, epoch, outcome }),
        may || ended ? 'finished' : 'lease-lost',
      )
      if (!may) return
      endedByRunner.set(run.runId, epoch)
      end(request, run, as, retryable)
    },
    async renew({ run: n, stale: isStale }) {
      const [, run] = pick(n) ?? []
      if (run === undefined) return
      const epoch = epochOf(run, isStale)
      const [renewed] = await repository.renew({
        server: 's',
        leaseMs,
        runs: [{ runId: run.runId, epoch, startedAtMs: undefined, progress: undefined }],
      })
      assert.equal(renewed?.held, holds(run, epoch))
      assert.equal(renewed.commands.length, renewed.held && run.cancelAsked ? 1 : 0)
      if (renewed.held) run.leaseUntil = now() + leaseMs
    },
    async lose({ run: n, stale: isStale }) {
      const [request, run] = pick(n) ?? []
      if (request === undefined || run === undefined) return
      const epoch = epochOf(run, isStale)
      await repository.lose([{ runId: run.runId, epoch, reason: 'exit code 1', why: 'died' }], { attempts })
      if (holds(run, epoch)) lose(request, run)
    },
    async cancel({ run: n }) {
      const [request, run] = pick(n) ?? []
      if (request === undefined || run === undefined) return
      const said = await repository.command({ runId: run.runId, command: 'cancel', actor: 'cli', reason: '' })
      assert.equal(said.is, cancel(request, run))
    },
    async retry({ run: n }) {
      const [request, run] = pick(n) ?? []
      if (request === undefined || run === undefined) return
      const runId = sampleRunId()
      const again = await repository.retry(run.runId, 'cli', runId)
      const may = newest(request) === run && (run.state === 'failed' || run.state === 'cancelled')
      assert.equal(again?.attempt, may ? run.attempt + 1 : undefined)
      if (may) begin(request, runId)
    },
    async pass({ ms }) {
      pass(ms)
      await Promise.resolve()
    },
    async recover() {
      await repository.recover({ attempts })
      for (const [request, run] of all())
        if (run.state === 'running' && run.leaseUntil < now()) lose(request, run)
    },
  }
  const endedByRunner = new Map<string, number>()
  for (const each of steps) await (act[each.do] as (step: Step) => Promise<void>)(each)

  // what is kept is what the model has
  const { items } = await repository.runs({ application, most: 1000 })
  assert.deepEqual(
    items.map(stateOf).toSorted(),
    all()
      .map(([, run]) => stateOf(run))
      .toSorted(),
  )
  for (const request of model) {
    // never two at work for one request
    assert.ok(request.runs.filter((run) => !isOver(run)).length <= 1)
  }
  const messages = (await repository.messages({ application, most: 1000 })).items
  assert.deepEqual(
    messages.map(({ id }) => id).toSorted(),
    model
      .flatMap((request) =>
        request.messages.map((message) => `digest-of-${application}-${request.id}/${message}/main`),
      )
      .toSorted(),
  )
  const events = (await repository.events({ application, after: 0, most: 1000 })).items
  for (const [, run] of all())
    assert.equal(
      events.filter(({ runId, type }) => runId === run.runId && type === 'finished').length,
      isOver(run) ? 1 : 0,
    )
}

function stateOf({
  runId,
  attempt,
  epoch,
  state,
}: Omit<ModelRun, 'leaseUntil' | 'retryable' | 'cancelAsked'>): string {
  return `${runId} attempt ${attempt} epoch ${epoch} ${state}`
}
