/**
 * What a server does with a request until a runner gets it, by its own rooms: reads it, plans it, seals what it
 * brings in clear, keeps it. Then it writes a picture of its memory.
 *
 *     node sealed-canary.test-process.ts FOLDER < {"requests": [...], "hold": false}
 *
 * FOLDER holds `apps`, and gets `state`, `repository.sqlite` and `heap.heapsnapshot`.
 */
import { join } from 'node:path'
import { argv, stdin } from 'node:process'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeHeapSnapshot } from 'node:v8'
import { readCatalog } from '@bulkhead/engine/catalog/read-catalog'
import { sealingKey } from '@bulkhead/engine/keys/public-keys'
import { sealPlainCredentials } from '@bulkhead/engine/keys/seal-plain-credentials'
import { openApplications } from '../../apps/server/src/applications/applications.ts'
import { createIntake } from '../../apps/server/src/intake/create-intake.ts'
import { openRepository } from '../../apps/server/src/repository/open-repository.ts'

const folder = argv[2] ?? ''
const stateFolder = join(folder, 'state')
const log = { debug: console.debug, info: console.info, warn: console.warn }
const catalog = await readCatalog([join(import.meta.dirname, '../../connectors')])
await using repository = await openRepository(
  { sqlite: { path: join(folder, 'repository.sqlite') } },
  { stateFolder, memoryMs: 86_400_000, log: (_level, message) => console.warn(message) },
)
await using applications = await openApplications({
  folder: join(folder, 'apps'),
  environment: undefined,
  variables: {},
  stateFolder,
  catalog,
  repository,
  log,
})
const intake = createIntake({
  runnerOf: () => 'build-1',
  applications,
  repository,
  catalog,
  seal: (request, { application, requestId }) =>
    sealPlainCredentials(request, {
      application,
      requestId,
      expiresMs: Date.now() + 3_600_000,
      catalog,
      key: () => sealingKey(stateFolder, application),
    }),
  now: Date.now,
})

/** In a function of its own, so that nothing of the requests outlives it. */
async function takeAll(): Promise<{ readonly is: readonly string[]; readonly held: unknown }> {
  const { requests, hold } = JSON.parse(await text(stdin)) as {
    readonly requests: readonly { readonly application: string; readonly input: unknown }[]
    readonly hold: boolean
  }
  const is: string[] = []
  for (const { application, input } of requests) {
    const taken = await intake.take({ application, input: JSON.stringify(input), actor: 'test' })
    is.push('error' in taken ? `${taken.is} ${taken.error.code}` : taken.is)
  }
  return { is, held: hold ? requests : undefined }
}

const taken = await takeAll()
await sleep(100) // what the last turn of the loop holds is let go
writeHeapSnapshot(join(folder, 'heap.heapsnapshot'))
const { runs: claimed } = await repository.claim({
  server: 'test',
  leaseMs: 60_000,
  most: applications.list().map(({ application }) => ({ application: application.name, runs: 100 })),
})
console.log(
  JSON.stringify({ is: taken.is, bodies: claimed.map(({ body }) => body), held: taken.held !== undefined }),
)
