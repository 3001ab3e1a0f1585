import { eventData, openEnvelope, rawJson } from './envelope.ts'
import { ExactNumber } from './exact-json.ts'

/** A request as it was sent, of which one part is about to be replaced. */
export interface RequestText {
  /** Not checked, unknown fields included; a number that JavaScript would round is an `ExactNumber`. */
  readonly data: Readonly<Record<string, unknown>>
  /** The request with other data in the same envelope; nothing of the old data is in it. Numbers keep their digits. */
  withData(data: Readonly<Record<string, unknown>>): string
}

/**
 * Opens the text of a request so that it can be written again. Of data that stands in base64 besides, only what counts
 * is left.
 *
 * @throws BulkheadError `request-unreadable`, `request-invalid`, `request-field-repeated`
 */
export function openRequestText(input: unknown): RequestText {
  const envelope = openEnvelope(input)
  if (!Object.hasOwn(envelope, 'specversion'))
    // the id stands beside the data, and is one of its fields here
    return { data: envelope, withData: (data) => exactText(data) }
  const { data: _data, data_base64: _base64, ...attributes } = envelope
  return {
    data: eventData(envelope, true),
    withData: (data) => exactText({ ...attributes, data }),
  }
}

function exactText(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    item instanceof ExactNumber ? rawJson(item.source) : item,
  )
}
