import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { builtinApplication } from './builtin-application.ts'

test('every installed connector may be asked ad hoc, and results go below the working folder', () => {
  const { name, folder, manifest } = builtinApplication({ workingFolder: '/somewhere' })
  assert.equal(name, 'ad-hoc')
  assert.equal(folder, '/somewhere')
  assert.deepEqual(manifest.spec.policy.adHoc.connectors, ['*'])
  assert.deepEqual(manifest.spec.stores['out'], {
    connector: 'files@^1',
    config: { folder: './bulkhead-out', createFolder: true },
  })
})

test('it reads credentials that stand in a request, because the request is of this machine', () => {
  const { manifest } = builtinApplication({ workingFolder: '/somewhere' })
  assert.equal(manifest.spec.policy.adHoc.plainCredentials, 'allow')
})

test('it has no environments, and says what to do', () => {
  assert.throws(
    () => builtinApplication({ workingFolder: '/somewhere', environment: 'prod' }),
    (error) =>
      isBulkheadError(error) &&
      error.code === 'environment-not-found' &&
      error.fix === 'Leave the environment out, or name an application',
  )
})
