import { fault, parseExactJson, requestBytes } from '@bulkhead/contract'
import type { Arrival } from './intake.ts'

/**
 * The text of a request, completed by what its trigger knows and it does not say. Text stays text: numbers lose
 * digits when something parses and writes them.
 *
 * @throws BulkheadError `request-unreadable` for bytes that are no UTF-8: who reads them otherwise reads another request
 */
export function requestText({ input, job, requestId }: Pick<Arrival, 'input' | 'job' | 'requestId'>): string {
  const text = textOf(input)
  if (job === undefined && requestId === undefined) return text
  const fields = fieldsOf(text)
  if (fields === undefined || Object.hasOwn(fields, 'specversion')) return text
  const missing = {
    ...(requestId !== undefined && !Object.hasOwn(fields, 'requestId') && { requestId }),
    ...(job !== undefined && !Object.hasOwn(fields, 'job') && !Object.hasOwn(fields, 'source') && { job }),
  }
  if (Object.keys(missing).length === 0) return text
  const rest = text.trimStart().slice(1)
  const separator = rest.trimStart().startsWith('}') ? '' : ','
  return `${JSON.stringify(missing).slice(0, -1)}${separator}${rest}`
}

function textOf(input: unknown): string {
  if (typeof input === 'string') return input.replace(/^\uFEFF/, '')
  if (input instanceof Uint8Array) return utf8(input)
  return JSON.stringify(input) ?? ''
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw fault('request-unreadable', 'The request is not UTF-8 text', { cause })
  }
}

/** Undefined for what is no object: the reader of requests says what is wrong. */
function fieldsOf(text: string): object | undefined {
  if (text.length > requestBytes) return undefined
  try {
    const value = parseExactJson(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
