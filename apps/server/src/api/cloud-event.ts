import type { IncomingHttpHeaders } from 'node:http'
import { eventBatchType, eventType, fault } from '@bulkhead/contract'

/**
 * CloudEvents 1.0 over HTTP: three modes, each to the text of one event or several. Text stays text, because numbers
 * lose digits when something parses and writes them.
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
 */
export type EventsOfCall =
  | { readonly mode: 'one'; readonly text: string }
  | { readonly mode: 'batch'; readonly texts: readonly string[] }

/** A sender that has more sends several batches. */
const MOST_EVENTS = 1_000

/** @throws BulkheadError `media-type-unsupported`, `request-unreadable`, `call-invalid` */
export function eventsOf(headers: IncomingHttpHeaders, bytes: Uint8Array): EventsOfCall {
  const type = essenceOf(headers['content-type'])
  if (type === eventType) return { mode: 'one', text: textOf(bytes) }
  if (type === eventBatchType) return { mode: 'batch', texts: itemsOf(textOf(bytes)) }
  if (headers['ce-specversion'] === undefined)
    throw fault('media-type-unsupported', 'The call is no CloudEvent', {
      path: 'Content-Type',
      fix: `Send ce- headers with JSON, ${eventType} or ${eventBatchType}; plain requests belong to .../runs`,
    })
  return { mode: 'one', text: binaryEvent(headers, textOf(bytes)) }
}

/** The media type without parameters, in lower case. */
export function essenceOf(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw fault('request-unreadable', 'The body is not UTF-8 text', { cause })
  }
}

/** Attributes from the headers, the body as `data`: one text, as structured mode has it. */
function binaryEvent(headers: IncomingHttpHeaders, body: string): string {
  const attributes = Object.entries(headers)
    .filter(([header]) => header.startsWith('ce-'))
    .map(([header, value]) => [header.slice(3), attributeValue(header, String(value))] as const)
    .filter(([attribute]) => attribute !== 'data' && attribute !== 'data_base64')
  const envelope = JSON.stringify({ ...Object.fromEntries(attributes), datacontenttype: 'application/json' })
  if (body === '') return envelope
  parsed(body)
  return `${envelope.slice(0, -1)},"data":${body}}`
}

/** @see section 3.1.3.2: quotes around, backslashes, then percent-encoded UTF-8 */
function attributeValue(header: string, value: string): string {
  const bare = /^".*"$/s.test(value) ? value.slice(1, -1).replaceAll(/\\(.)/gs, '$1') : value
  try {
    return decodeURIComponent(bare.replaceAll(/%(?![0-9A-Fa-f]{2})/g, '%25'))
  } catch (cause) {
    throw fault('call-invalid', `The header ${header} is not percent-encoded UTF-8`, { path: header, cause })
  }
}

/** The items of a JSON list, each as it stands there. */
function itemsOf(text: string): string[] {
  const list = parsed(text)
  if (!Array.isArray(list))
    throw fault('request-unreadable', 'The batch is not a JSON list', { fix: 'Send a list of events' })
  if (list.length === 0 || list.length > MOST_EVENTS)
    throw fault('call-invalid', `The batch holds ${list.length} events, not 1 to ${MOST_EVENTS}`, {
      fix: 'Send several batches',
    })
  const items: string[] = []
  let depth = 0
  let inText = false
  let start = text.indexOf('[') + 1
  for (let at = start - 1; at < text.length; at++) {
    const char = text[at]
    if (inText) {
      if (char === '\\') at++
      else if (char === '"') inText = false
    } else if (char === '"') inText = true
    else if (char === '[' || char === '{') depth++
    else if (char === ']' || char === '}') depth--
    if (inText || (depth === 1 && char !== ',') || depth > 1) continue
    if (depth === 1 || depth === 0) {
      items.push(text.slice(start, at))
      start = at + 1
      if (depth === 0) break
    }
  }
  return items
}

/** What is JSON; where the text stops being it is told when the request itself is read. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // the engine's own message quotes the text, so it is no cause either
    throw fault('request-unreadable', 'The body is not JSON')
  }
}
