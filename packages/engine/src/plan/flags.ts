import { createHash } from 'node:crypto'
import type { Flags, FlagValue } from '@bulkhead/connector-sdk'
import type { Flag, Request } from '@bulkhead/contract'
import type { Application } from '../application/application.ts'

/**
 * The flags of an application as they stand for one request (D18). A share of requests is chosen by the
 * identity of the request, so that a repeat, and a run that begins again, sees what was seen before; two flags of the
 * same share meet different requests.
 */
export function flagsFor(application: Application, request: Pick<Request, 'source' | 'id'>): Flags {
  const { flags } = application.manifest.spec
  return Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [
      name,
      valueOf(flag, [application.name, name, request.source, request.id]),
    ]),
  )
}

function valueOf(flag: Flag, identity: readonly string[]): FlagValue {
  if (typeof flag !== 'object') return flag
  return placeOf(identity) < flag.percent
}

/** From 0 to 100, evenly spread; below 100. */
function placeOf(identity: readonly string[]): number {
  const digest = createHash('sha256').update(JSON.stringify(identity)).digest()
  return (digest.readUInt32BE(0) / 2 ** 32) * 100
}
