import type { ErrorDetails } from '@bulkhead/connector-sdk'
import { isRecord, openEnvelope, unwrap, refuseTwoIds } from './envelope.ts'
import { ExactNumber, settleNumbers } from './exact-json.ts'
import { unknownFields } from './fields.ts'
import { errorOf, faultDetails, faultsOf } from './issues.ts'
import { formatPath } from './path.ts'
import { requestId, requestSchema, type Request } from './request.ts'

/**
 * From what arrived to a request. Taken are a CloudEvent in structured JSON, and a plain object with
 * `requestId` beside the members of `data`, as text, as UTF-8 bytes, or as plain data. A caller that
 * has the text should give the text: numbers lose digits when something else parses it first.
 */

const mostWarnings = 20

/** Who asks, as far as it can be read: enough to answer a request that is refused. */
export interface RequestIdentity {
  readonly id: string | undefined
  readonly source: string
  /** What the requester wants back, when it is small enough. */
  readonly context: unknown
}

/**
 * Reads a request, version 1. Fields that nobody knows are tolerated, and become warnings.
 *
 * @throws BulkheadError `request-unreadable` not JSON, over 1 MiB or 64 levels; `request-id-invalid`;
 *         `request-invalid` with every fault in `others`. `requestIdentityOf` says whom to answer.
 */
export function readRequest(input: unknown): Request {
  const envelope = unwrap(openEnvelope(input), true)
  const warnings = [...envelope.warnings]
  const data = settleNumbers(envelope.data, (number, path) => {
    if (path[0] === 'parameters') return number.value()
    warnings.push(`\`${formatPath(path)}\` has more digits than a number can hold, and was taken as text`)
    return number.source
  }) as Readonly<Record<string, unknown>>
  const faults: ErrorDetails[] = []
  const id = requestId.safeParse(envelope.id)
  if (!id.success) faults.push(idFault(envelope.id))
  faults.push(...sourceFaults(data['source']))
  const parsed = requestSchema.safeParse(data)
  if (!parsed.success)
    faults.push(
      ...faultsOf(parsed.error.issues, { code: 'request-invalid', schema: requestSchema, value: data }),
    )
  if (!id.success || !parsed.success || faults.length > 0) throw errorOf(faults)
  return {
    id: id.data,
    source: envelope.source,
    data: parsed.data,
    warnings: [...warnings, ...fieldWarnings(data)].slice(0, mostWarnings),
  }
}

/** Whom to answer, also when the request is refused. Never throws. */
export function requestIdentityOf(input: unknown): RequestIdentity {
  try {
    const { id, source, data } = unwrap(openEnvelope(input, refuseTwoIds), false)
    const text = id instanceof ExactNumber ? id.source : typeof id === 'number' ? String(id) : id
    const read = requestId.safeParse(text)
    const context = requestSchema.shape.context.safeParse(
      settleNumbers(data['context'], (number) => number.source),
    )
    return {
      id: read.success ? read.data : undefined,
      source,
      context: context.success ? context.data : undefined,
    }
  } catch {
    return { id: undefined, source: '', context: undefined }
  }
}

function idFault(id: unknown): ErrorDetails {
  if (id === undefined)
    return faultDetails('request-id-invalid', 'The request has no id', {
      path: 'requestId',
      fix: 'Give `requestId`, or the `id` of the CloudEvent',
    })
  const reason =
    typeof id !== 'string'
      ? 'is not a text'
      : id === ''
        ? 'is empty'
        : id.length > 256
          ? 'is longer than 256 characters'
          : 'holds control characters'
  return faultDetails('request-id-invalid', `The request id ${reason}`, { path: 'requestId' })
}

/** What the schema of the union would say too, but not so that a person understands it. */
function sourceFaults(source: unknown): ErrorDetails[] {
  if (!isRecord(source)) return []
  const both = Object.hasOwn(source, 'connection') && Object.hasOwn(source, 'connector')
  return both
    ? [
        faultDetails('request-invalid', '`source` has both `connection` and `connector`', {
          path: 'source',
          fix: 'Name a connection of the application, or a connector with settings of your own',
        }),
      ]
    : []
}

function fieldWarnings(data: unknown): string[] {
  return unknownFields(requestSchema, data).map(({ path, near }) => {
    const known = near === undefined ? undefined : formatPath([...path.slice(0, -1), near])
    return `\`${formatPath(path)}\` is not known${known === undefined ? '' : `; did you mean \`${known}\`?`}`
  })
}
