import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fault } from '@bulkhead/contract'
import type { ExpiredResult } from '../repository/repository.ts'
import type { ApplicationHead } from '../repository/revision-keeping.ts'
import { removeResults } from './remove-results.ts'

type Due = Pick<ExpiredResult, 'application' | 'runId'> & Partial<ExpiredResult>

/** A repository that gives each result out once in a pass, and stores of which the test says what fails. */
function world(
  due: readonly Due[],
  fails: (folders: readonly string[], application: string) => unknown = () => undefined,
) {
  let left: readonly ExpiredResult[] = due.map((one) => ({
    revision: 'rev-1',
    store: 'out',
    epoch: 1,
    ...one,
  }))
  const asked: {
    readonly application: string
    readonly revision: string
    readonly folders: readonly string[]
  }[] = []
  const gone: string[] = []
  const told: string[] = []
  const options = {
    repository: {
      applicationHeads: () =>
        Promise.resolve(['shop', 'crm'].map((name) => ({ application: name }) as ApplicationHead)),
      expireResults: ({
        applications,
        most,
      }: {
        readonly applications: readonly string[]
        readonly most: number
      }) => {
        const given = [...Map.groupBy(left, ({ application }) => application)].flatMap(
          ([application, results]) => (applications.includes(application) ? results.slice(0, most) : []),
        )
        left = left.filter((one) => !given.includes(one))
        return Promise.resolve(given)
      },
      resultsGone: (runIds: readonly string[]) => {
        gone.push(...runIds)
        return Promise.resolve()
      },
    },
    runners: {
      async cleanUp(application: string, revision: string, _store: string, folders: readonly string[]) {
        asked.push({ application, revision, folders })
        const error = await fails(folders, application)
        if (error !== undefined) throw error
      },
    },
    onRemoved: (application: string, outcome: string, results: number) =>
      void told.push(`${application} ${outcome} ${results}`),
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined },
  }
  return { options, asked, gone, told }
}

const noEnd = new AbortController().signal
const results = (count: number, application = 'shop'): Due[] =>
  Array.from({ length: count }, (_, n) => ({ application, runId: `${application}-${n}` }))

test('removes what is due in bounded pieces, the folders of every epoch of a run and of no other', async () => {
  const { options, asked, gone, told } = world([
    ...results(60),
    { application: 'crm', runId: 'again', epoch: 3 },
    { application: 'crm', runId: 'old', revision: 'rev-0' },
    { application: 'away', runId: 'not-served' },
  ])
  await removeResults(options, noEnd)
  const folders = (application: string) => asked.filter((one) => one.application === application)
  assert.deepEqual(
    folders('shop').map((one) => one.folders.length),
    [50, 10],
  )
  assert.deepEqual(
    new Set(folders('crm').map((one) => [one.revision, ...one.folders].join(' '))),
    new Set(['rev-0 old', 'rev-1 again again.2 again.3']),
  )
  assert.equal(gone.length, 62)
  assert.ok(told.includes('shop removed 50') && told.includes('crm removed 1'))
})

test('a result that cannot be removed keeps no other, and is told', async () => {
  const { options, gone, told } = world(results(10), (folders) =>
    folders.includes('shop-4') ? fault('internal', 'It cannot be removed') : undefined,
  )
  await removeResults(options, noEnd)
  assert.equal(gone.length, 9)
  assert.ok(!gone.includes('shop-4'))
  assert.deepEqual(
    told.filter((line) => line.includes('failed')),
    ['shop failed 1'],
  )
})

test('a store that is away is asked once, and holds up no other application', async () => {
  const { options, asked, gone, told } = world([...results(60), ...results(60, 'crm')], (_, application) =>
    application === 'shop' ? fault('runner-busy', 'Nobody answers') : undefined,
  )
  await removeResults(options, noEnd)
  assert.equal(asked.filter(({ application }) => application === 'shop').length, 1)
  assert.equal(gone.length, 60)
  assert.ok(gone.every((runId) => runId.startsWith('crm')))
  assert.deepEqual(
    told.filter((line) => line.startsWith('shop')),
    ['shop failed 50'],
  )
})

test('many that cannot be removed are tried one by one only so often', async () => {
  const { options, asked, told } = world(results(50), () => fault('internal', 'It cannot be removed'))
  await removeResults(options, noEnd)
  assert.equal(asked.length, 1 + 3)
  assert.deepEqual(told, ['shop failed 3'])
})

test('a server that ends gives out no more', async () => {
  const end = new AbortController()
  const { options, asked } = world(results(200), () => end.abort())
  await removeResults(options, end.signal)
  assert.equal(asked.length, 1)
})
