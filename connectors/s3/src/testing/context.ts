import type { ConnectionContext, Log } from '@bulkhead/connector-sdk'
import type { TestBucket } from '../../../../test/support/s3.ts'
import { config, type S3Config } from '../config.ts'

/** A context as the engine makes it, with the schema's defaults filled in. */
export function contextFor(
  bucket: TestBucket,
  settings: Readonly<Record<string, unknown>> = {},
  log: Log = { debug() {}, info() {}, warn() {} },
): ConnectionContext<S3Config> {
  return {
    config: config.parse({ ...bucket, forcePathStyle: true, ...settings }),
    connection: 'exports',
    application: 'billing',
    runId: 'run-1',
    limits: { connections: 4, queryTimeoutMs: 60_000, connectTimeoutMs: 2_000 },
    log,
    signal: new AbortController().signal,
    baseFolder: undefined,
    temporaryFolder: () => Promise.reject(new Error('no folder')),
    fetchFiles: () => Promise.reject(new Error('no files')),
    signLink: () => Promise.reject(new Error('no links')),
  }
}

/** Bytes that look like data and differ everywhere. */
export function someBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = 1
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    bytes[index] = state >>> 24
  }
  return bytes
}
