import { createHash } from 'node:crypto'
import type { RequestData } from '@bulkhead/contract'
import { canonicalJson } from './canonical-json.ts'

/**
 * Digest of what a request asks for, by which a repeat is told from another request under the same id. Without
 * credentials: they are sealed anew each time, and a digest of a password would help to guess it (I6).
 */
export function contentDigest(data: RequestData): string {
  const source = data.source === undefined ? undefined : { ...data.source, credentials: undefined }
  return createHash('sha256')
    .update(canonicalJson(withoutBigints({ ...data, source })))
    .digest('hex')
}

/** As JSON has it: of two numbers that are equal in value but not in kind both stay what they are. */
export function withoutBigints(value: unknown): unknown {
  if (typeof value === 'bigint') return { bigint: value.toString() }
  if (Array.isArray(value)) return value.map(withoutBigints)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutBigints(item)]))
  return value
}
