/**
 * Messages that a client sends.
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html
 */

/** Parse of the unnamed statement. The server takes exactly one statement here, never two. */
export function parse(sql: string): Buffer {
  return message('P', [cstring(''), cstring(sql), int16(0)])
}

/** Bind of the unnamed statement to the unnamed portal; values and results as text. */
export function bind(values: readonly (string | null)[]): Buffer {
  const parts = [cstring(''), cstring(''), int16(0), int16(values.length)]
  for (const value of values) {
    if (value === null) parts.push(int32(-1))
    else {
      const bytes = Buffer.from(value, 'utf8')
      parts.push(int32(bytes.length), bytes)
    }
  }
  parts.push(int16(0))
  return message('B', parts)
}

/** Describe of the unnamed statement: answered with the types of its parameters and its columns. */
export function describe(): Buffer {
  return message('D', [Buffer.from('S'), cstring('')])
}

/** Execute of the unnamed portal, all rows. */
export function execute(): Buffer {
  return message('E', [cstring(''), int32(0)])
}

/** Ends a sequence: the server answers ReadyForQuery, after an error too. */
export function sync(): Buffer {
  return message('S', [])
}

/** Ends the session. */
export function terminate(): Buffer {
  return message('X', [])
}

/** Begins a session; protocol 3.0. */
export function startup(parameters: Readonly<Record<string, string>>): Buffer {
  const body = Buffer.concat([
    int32(196_608),
    ...Object.entries(parameters).flat().map(cstring),
    Buffer.alloc(1),
  ])
  return Buffer.concat([int32(body.length + 4), body])
}

/** Answers a request for a password: in clear, or as the hash that was asked for. */
export function password(text: string): Buffer {
  return message('p', [cstring(text)])
}

export function saslInitialResponse(mechanism: string, response: string): Buffer {
  const bytes = Buffer.from(response, 'utf8')
  return message('p', [cstring(mechanism), int32(bytes.length), bytes])
}

export function saslResponse(response: string): Buffer {
  return message('p', [Buffer.from(response, 'utf8')])
}

/** Asks for TLS; answered with the one byte `S` or `N`. */
export function sslRequest(): Buffer {
  return Buffer.concat([int32(8), int32(80_877_103)])
}

/**
 * Asks another session to stop what it does; the server answers by closing the connection.
 * @param key  the content of BackendKeyData of that session
 */
export function cancelRequest(key: Uint8Array): Buffer {
  return Buffer.concat([int32(8 + key.length), int32(80_877_102), key])
}

function message(type: string, parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 4)
  return Buffer.concat([Buffer.from(type, 'latin1'), int32(length), ...parts])
}

function cstring(text: string): Buffer {
  // A NUL would end the text early and shift all that follows: callers refuse it with a better message.
  if (text.includes('\0')) throw new TypeError('A text of the protocol holds a NUL character')
  return Buffer.from(`${text}\0`, 'utf8')
}

function int16(value: number): Buffer {
  const buffer = Buffer.allocUnsafe(2)
  buffer.writeUInt16BE(value)
  return buffer
}

function int32(value: number): Buffer {
  const buffer = Buffer.allocUnsafe(4)
  buffer.writeInt32BE(value)
  return buffer
}
