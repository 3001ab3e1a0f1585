/** Whether every request got what it should, exactly once, whatever happened meanwhile. */
import type { ReplyEvent } from '@bulkhead/contract'
import type { BucketContents } from '../support/s3.ts'
import { type ChaosRequest, expectedFile } from './requests.ts'

export interface Tally {
  readonly requests: number
  readonly answered: number
  readonly messages: number
  /** Messages that were sent more than once, under the same id. */
  readonly repeats: number
  /** What must be none. */
  readonly faults: readonly string[]
}

/** @param replies  by `application/requestId` */
export function judge(
  requests: readonly ChaosRequest[],
  replies: ReadonlyMap<string, readonly ReplyEvent[]>,
  contents: BucketContents,
): Tally {
  const faults: string[] = []
  const locations = new Set<string>()
  let answered = 0
  let messages = 0
  let repeats = 0
  const asked = new Set(requests.map((request) => keyOf(request)))
  for (const key of replies.keys()) if (!asked.has(key)) faults.push(`${key}: answered, and never asked`)
  for (const request of requests) {
    const key = keyOf(request)
    const got = replies.get(key) ?? []
    messages += got.length
    if (got.length === 0) faults.push(`${key}: no answer`)
    else answered += 1
    const outcomes = new Map<string, string>()
    for (const event of got) {
      const told = withoutLinks(event)
      const before = outcomes.get(event.id)
      if (before !== undefined) repeats += 1
      if (before !== undefined && before !== told)
        faults.push(`${key}: two different messages under the id ${event.id}: ${before} and ${told}`)
      outcomes.set(event.id, told)
    }
    // an answer to a repeated request is another message about the same outcome
    const results = new Set(
      got.map((event) => JSON.stringify([event.data.status, event.data.runId, files(event)])),
    )
    if (results.size > 1) faults.push(`${key}: ${results.size} outcomes: ${[...results].join(' and ')}`)
    const [first] = got
    if (first === undefined) continue
    const [file, ...more] = first.data.result?.files ?? []
    const expected = expectedFile(request)
    if (first.data.status !== 'completed' || file === undefined || more.length > 0)
      faults.push(`${key}: ${first.data.status} ${JSON.stringify(first.data.error ?? {})}`)
    else if (file.bytes !== expected.bytes || file.checksum.value !== expected.sha256)
      faults.push(`${key}: its file is not the one of an undisturbed run`)
    if (file?.location !== undefined) locations.add(file.location.replace(/^s3:\/\/[^/]+\//, ''))
  }
  for (const { key } of contents.uploads) faults.push(`${key}: an upload that nobody ended`)
  const stored = new Set(contents.objects.map(({ key }) => key))
  for (const key of stored) if (!locations.has(key)) faults.push(`${key}: an object that no reply names`)
  for (const key of locations) if (!stored.has(key)) faults.push(`${key}: named by a reply, and not there`)
  return { requests: requests.length, answered, messages, repeats, faults }
}

function keyOf({ application, id }: ChaosRequest): string {
  return `${application.name}/${id}`
}

function files({ data }: ReplyEvent): unknown {
  return data.result?.files.map(({ name, rows, bytes, location, checksum }) => [
    name,
    rows,
    bytes,
    location,
    checksum.value,
  ])
}

/** Links are made anew for each message that is sent; all else of a message is as it was. */
function withoutLinks(event: ReplyEvent): string {
  return JSON.stringify(event, (key, value: unknown) =>
    key === 'url' || key === 'expiresAt' ? undefined : value,
  )
}
