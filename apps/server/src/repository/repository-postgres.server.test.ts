/** The suite of the repository on PostgreSQL: two servers on one database. */
import { createDatabase } from '../../../../test/support/postgres.ts'
import { openRepository } from './open-repository.ts'
import { repositorySuite } from './suite/suite.test-support.ts'

repositorySuite({
  async open(scope, { memoryMs = 1_000_000_000 } = {}) {
    const { url } = await createDatabase(scope)
    let nowMs = 1_800_000_000_000
    const open = async () =>
      await openRepository(
        { postgres: { url, schema: 'bulkhead', connections: 5, tls: false } },
        { stateFolder: '', memoryMs, clock: () => nowMs, log: () => undefined },
      )
    const repository = await open()
    const other = await open()
    scope.after(async () => {
      await repository[Symbol.asyncDispose]()
      await other[Symbol.asyncDispose]()
    })
    return { repository, other, pass: (ms) => void (nowMs += ms), now: () => nowMs }
  },
})
