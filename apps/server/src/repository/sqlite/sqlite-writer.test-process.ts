/** A server that takes requests as fast as it can, and tells each that was acknowledged, until it is killed. */
import { writeSync } from 'node:fs'
import { openRepository } from '../open-repository.ts'
import { claimOne, sampleOutcome, sampleRequest } from '../suite/samples.test-support.ts'

const [stateFolder = '', round = ''] = process.argv.slice(2)
const repository = await openRepository(
  { sqlite: {} },
  { stateFolder, memoryMs: 1_000_000_000, log: () => undefined },
)
writeSync(1, 'opened\n')

async function takeOne(application: string, requestId: string): Promise<void> {
  const request = sampleRequest(requestId, { application })
  await repository.accept(request)
  writeSync(1, `accepted ${request.runId}\n`)
  const claimed = await claimOne(repository, { application })
  await repository.finish({
    runId: claimed.run.runId,
    epoch: 1,
    outcome: sampleOutcome(claimed, 'completed'),
  })
  writeSync(1, `finished ${request.runId}\n`)
}

await Promise.all(
  Array.from({ length: 16 }, async (_, lane) => {
    for (let n = 0; ; n++) await takeOne(`lane-${round}-${lane}`, `request-${n}`)
  }),
)
