/** The suite of the repository on SQLite, in a temporary folder. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRepository } from './open-repository.ts'
import { copyCases } from './suite/copy.test-support.ts'
import { repositorySuite, type TestHome } from './suite/suite.test-support.ts'

const home: TestHome = {
  async open(scope, { memoryMs = 1_000_000_000 } = {}) {
    const stateFolder = await mkdtemp(join(tmpdir(), 'bulkhead-repository-'))
    let nowMs = 1_800_000_000_000
    const repository = await openRepository(
      { sqlite: {} },
      { stateFolder, memoryMs, clock: () => nowMs, log: () => undefined },
    )
    scope.after(async () => {
      await repository[Symbol.asyncDispose]()
      await rm(stateFolder, { recursive: true })
    })
    return { repository, other: repository, pass: (ms) => void (nowMs += ms), now: () => nowMs }
  },
}
repositorySuite(home)
copyCases(home, [{ name: 'SQLite', spec: () => Promise.resolve({ sqlite: {} }) }])
