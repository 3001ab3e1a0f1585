/** The results of the contract test kit that READMEs show are of the kit as it is, and complete. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import { kitChecks, type KitRun, unexplained } from '@bulkhead/connector-sdk/testing'
import { readKitRecord } from '../scripts/generate/kit-table.ts'

const root = resolve(import.meta.dirname, '..')
const connectors = globSync('connectors/*/package.json', { cwd: root }).map((file) => basename(dirname(file)))

/** What is wrong with a record: checks that no longer exist, that are missing, that failed, or whose absence nobody explains. */
function faultsOf(runs: readonly KitRun[] | undefined): readonly string[] {
  if (runs === undefined) return ['there is no kit.json']
  return runs.flatMap(({ role, results }) => {
    const shown = results.map(({ check }) => check)
    return [
      ...shown
        .filter((check) => !kitChecks[role].includes(check))
        .map((check) => `${role}: no such check: ${check}`),
      ...kitChecks[role]
        .filter((check) => !shown.includes(check))
        .map((check) => `${role}: not made: ${check}`),
      ...results.filter(({ result }) => result === 'failed').map(({ check }) => `${role}: failed: ${check}`),
      ...unexplained(results).map((what) => `${role}: left out: ${what}`),
    ]
  })
}

test('a record that is not there, not of the kit as it is, or of a failure, is found', () => {
  assert.deepEqual(faultsOf(readKitRecord(join(root, 'packages'))?.runs), ['there is no kit.json'])
  const [first = '', ...others] = kitChecks.store
  const results = others.map((check) => ({ check, result: 'passed' as const }))
  const run = { connector: 'planted', role: 'store', system: 'a system', results } as const
  assert.deepEqual(faultsOf([run]), [`store: not made: ${first}`])
  assert.deepEqual(faultsOf([{ ...run, results: [...results, { check: first, result: 'failed' }] }]), [
    `store: failed: ${first}`,
  ])
  assert.deepEqual(
    faultsOf([
      {
        ...run,
        results: [...results, { check: first, result: 'passed' }, { check: 'is pretty', result: 'passed' }],
      },
    ]),
    ['store: no such check: is pretty'],
  )
  for (const [reason, said] of [
    [undefined, 'no reason'],
    [' ', ' '],
    ['The test gives no `types`, and does not say why it cannot', undefined],
  ] as const) {
    const leftOut = { check: first, result: 'left-out' as const, ...(reason === undefined ? {} : { reason }) }
    assert.deepEqual(faultsOf([{ ...run, results: [...results, leftOut] }]), [
      `store: left out: ${first}: ${said ?? reason}`,
    ])
  }
  const explained = { check: first, result: 'left-out' as const, reason: 'It opens no connection' }
  assert.deepEqual(faultsOf([{ ...run, results: [...results, explained] }]), [])
})

test('there are connectors', () => assert.ok(connectors.length > 0))

for (const name of connectors) {
  test(`${name} shows every check of every role, in its README too`, () => {
    const folder = join(root, 'connectors', name)
    const record = readKitRecord(folder)
    assert.deepEqual(faultsOf(record?.runs), [], `Run npm run kit -- ${name}`)
    assert.ok(record)
    const manifest = JSON.parse(readFileSync(join(folder, 'connector.json'), 'utf8')) as Record<
      string,
      unknown
    >
    assert.deepEqual(
      record.runs.map(({ role }) => role).toSorted(),
      ['source', 'store'].filter((role) => manifest[role] !== undefined),
    )
    assert.equal(record.version, manifest['version'], `Run npm run kit -- ${name}`)
  })
}
