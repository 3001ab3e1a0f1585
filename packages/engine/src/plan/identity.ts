import { createHash } from 'node:crypto'

/**
 * Identity of a request for deduplication, and first part of the ids of its replies: hexadecimal
 * SHA-256 over application, source of the event, and request id. The parts are framed as JSON, so that
 * no two requests meet by a shift of letters from one part to the next.
 */
export function requestDigest(application: string, source: string, id: string): string {
  return createHash('sha256')
    .update(JSON.stringify([application, source, id]))
    .digest('hex')
}
