/** The process in which runs of a stub are: a runner like any other, but for what stands in the place of the sources. */
import { isDeepStrictEqual } from 'node:util'
import { fault, type Request } from '@bulkhead/contract'
import type { StandIn } from '@bulkhead/runner/connected/run-runner'
import { readStubFile, type StubFile } from './stub-file.ts'
import { askedOf, errorOfOutcome } from './stub-outcome.ts'
import { stubSource } from './stub-source.ts'

function standIn(stub: StubFile): StandIn {
  const { examples } = stub
  return {
    openSource: ({ name }) =>
      Promise.resolve(stubSource(name, examples, { ...stub.defaults, rows: 0, job: undefined, asked: {} })),
    contextOf(request, { breakers: _breakers, ...context }) {
      const { job, parameters: asked } = request.data
      const { outcome, rows, latencyMs, seed } = askedOf(request, stub)
      const wanted = outcome === 'empty' ? 0 : rows
      let waiting: Promise<void> | undefined
      const { clock, signal } = context
      return {
        ...context,
        // an outage that was asked for is tried again as often as a real one, and nobody waits for it
        clock: { now: () => clock.now(), sleep: () => Promise.resolve() },
        ...(stub.preparedByEndpoint.includes(job ?? '') && {
          prepare: () => Promise.resolve(preparedFor(request, stub)),
        }),
        async openSource(planned) {
          await (waiting ??= clock.sleep(latencyMs, signal))
          const error = errorOfOutcome(outcome, planned)
          if (error !== undefined) throw error
          return stubSource(planned.name, examples, { job, asked, rows: wanted, seed })
        },
      }
    },
    endOf(ended, request) {
      if (askedOf(request, stub).outcome !== 'completed-with-errors') return ended
      const status = 'completed-with-errors'
      const warnings = [...ended.warnings, 'Row 1 was left out: the stub was asked for it']
      return { ...ended, status, warnings, result: { ...ended.result, status, rejected: 1 } }
    },
  }
}

/** What the endpoint of the application would answer: as one of its tests says. */
function preparedFor({ data }: Request, { examples }: StubFile): unknown {
  const own = examples.filter((example) => example.job === data.job && example.prepared !== undefined)
  const example = own.find(({ asked }) => isDeepStrictEqual(asked, data.parameters)) ?? own[0]
  if (example !== undefined) return example.prepared
  throw fault('example-missing', `No test of the application says what prepares "${data.job ?? ''}"`, {
    path: 'tests',
    fix: 'Have its team write tests/NAME.yaml with `prepared`, and rows under `source`',
  })
}

const { runRunner } = await import('@bulkhead/runner/connected/run-runner')
await runRunner({ standIn: async ({ baseFolder }) => standIn(await readStubFile(baseFolder)) })
