/** One event of a stream of Server-Sent Events. */
export interface StreamEvent {
  readonly id: string | undefined
  readonly event: string
  readonly data: string
}

/** A server that sends longer events is none of ours (I8). */
const LONGEST_EVENT = 4 * 1024 * 1024

/**
 * Reads Server-Sent Events; comments and events without data are left out.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export async function* readEventStream(parts: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const part of parts) {
    text += decoder.decode(part, { stream: true })
    // a line break that comes in halves must not become two
    const whole = text.endsWith('\r') ? text.length - 1 : text.length
    const events = text.slice(0, whole).replaceAll(/\r\n?/g, '\n').split('\n\n')
    text = (events.pop() ?? '') + text.slice(whole)
    if (text.length > LONGEST_EVENT) throw new RangeError('An event of the stream is too long')
    for (const event of events) yield* eventOf(event)
  }
}

function* eventOf(text: string): Generator<StreamEvent> {
  let id: string | undefined
  let event = 'message'
  const data: string[] = []
  for (const line of text.split('\n')) {
    const [, field, value = ''] = /^([^:]+)(?:: ?(.*))?$/.exec(line) ?? []
    if (field === 'id') id = value
    if (field === 'event') event = value
    if (field === 'data') data.push(value)
  }
  if (data.length > 0) yield { id, event, data: data.join('\n') }
}
