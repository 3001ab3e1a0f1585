import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applicationOf } from '../plan/sample-application.test-support.ts'
import { codeFaults } from './code-faults.ts'

function faultsOf(text: string): string[] {
  const application = applicationOf({
    jobs: {
      a: { prepare: 'p.ts', source: { connection: 'ledger' } },
      b: { source: { connection: 'ledger', query: 'a' }, process: [{ map: 'm.ts' }] },
      c: { prepare: { file: 'p.ts' }, source: { connection: 'ledger' } },
    },
  })
  const bytes = new TextEncoder().encode(text)
  const files = new Map(['p.ts', 'm.ts'].map((path) => [path, { path, bytes, sha256: '' }]))
  return codeFaults({ ...application, files }).map(({ code, path, message }) => `${code} ${path}: ${message}`)
}

test('code with a default export has no fault, however it is exported', () => {
  for (const text of [
    'export default (row: Row): Row => row',
    "import type { Prepare } from '@bulkhead/connector-sdk'\nconst prepare: Prepare = () => ({})\nexport default prepare",
    'function f() {}\nexport { f as default }',
    "export { default } from './other.ts'",
  ])
    assert.deepEqual(faultsOf(text), [], text)
})

test('says what is no code, and what exports nothing that could be called', () => {
  assert.deepEqual(faultsOf('export const prepare = () => ({})'), [
    'prepare-invalid spec.jobs.a.prepare: p.ts has no default export',
    'map-invalid spec.jobs.b.process[0].map: m.ts has no default export',
    'prepare-invalid spec.jobs.c.prepare.file: p.ts has no default export',
  ])
  assert.match(faultsOf('export default 3 +')[0] ?? '', /p\.ts cannot be read as code: Expression expected$/)
  assert.match(faultsOf('enum A {}\nexport default 1')[0] ?? '', /enum is not supported/)
})

test('runs nothing of it', () => {
  assert.deepEqual(faultsOf('globalThis.wasRun = true\nexport default () => 1'), [])
  assert.equal('wasRun' in globalThis, false)
})
