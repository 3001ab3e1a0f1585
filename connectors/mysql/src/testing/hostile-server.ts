import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { packets } from '../wire/client-packets.ts'

/** What a hostile server does with one command. */
export type Answer = (reply: Reply) => void
interface Reply {
  readonly socket: Socket
  /** Sends a payload as the next packet of the answer. */
  readonly send: (...parts: readonly (Buffer | string | number)[]) => void
}

/** By the first byte of the command; what is not named is answered as a well-behaved server would. */
export interface Answers {
  readonly query?: Answer
  readonly prepare?: Answer
  readonly execute?: Answer
}

export const ok = Buffer.of(0, 0, 0, 2, 0, 0, 0)
export const end = Buffer.of(0xfe, 0, 0, 2, 0)
/** A column of type BIGINT named `a`. */
export const column = Buffer.from([
  3, 0x64, 0x65, 0x66, 0, 0, 0, 1, 0x61, 0, 12, 63, 0, 20, 0, 0, 0, 8, 0, 0, 0, 0, 0,
])

const flags = 0x8 | 0x200 | 0x2000 | 0x8000 | 0x8_0000 | 0x20_0000 | 0x1

/** A server that lets everyone in, and then does what no server should. @returns its port */
export async function startHostileServer(
  scope: { after(action: () => void): void },
  answers: Answers,
): Promise<number> {
  const sockets = new Set<Socket>()
  const listener = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => sockets.delete(socket))
    serve(socket, answers)
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  scope.after(() => {
    for (const socket of sockets) socket.destroy()
    listener.close()
  })
  return (listener.address() as AddressInfo).port
}

function serve(socket: Socket, answers: Answers): void {
  let sequence = 0
  const send: Reply['send'] = (...parts) => {
    const bytes = parts.map((part) =>
      typeof part === 'number' ? Buffer.of(part) : typeof part === 'string' ? Buffer.from(part) : part,
    )
    socket.write(packets(Buffer.concat(bytes), sequence++))
  }
  const reply: Reply = { socket, send }
  const [low, high] = [Buffer.alloc(2), Buffer.alloc(2)]
  low.writeUInt16LE(flags & 0xffff)
  high.writeUInt16LE(flags >>> 16)
  const nonce = Buffer.alloc(20, 'n')
  send(
    10, '8.4.0\0', Buffer.of(1, 0, 0, 0), nonce.subarray(0, 8), 0, low, 45, 2, 0, high, 21, Buffer.alloc(10),
    nonce.subarray(8), 0, 'mysql_native_password\0',
  ) // prettier-ignore
  let loggedIn = false
  let received = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    while (received.length >= 4 && received.length >= 4 + received.readUIntLE(0, 3)) {
      const payload = received.subarray(4, 4 + received.readUIntLE(0, 3))
      sequence = received[3]! + 1
      received = received.subarray(4 + payload.length)
      if (!loggedIn) {
        loggedIn = true
        send(ok)
      } else answer(payload)
    }
  })
  function answer(payload: Buffer): void {
    if (payload[0] === 3) (answers.query ?? ((to) => to.send(ok)))(reply)
    else if (payload[0] === 14) send(ok)
    else if (payload[0] === 22) (answers.prepare ?? wellPrepared)(reply)
    else if (payload[0] === 23) (answers.execute ?? oneRow)(reply)
  }
}

const wellPrepared: Answer = ({ send }) => {
  send(Buffer.of(0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0))
  send(column)
  send(end)
}
const oneRow: Answer = ({ send }) => {
  for (const payload of [Buffer.of(1), column, end, Buffer.of(0, 0, 7, 0, 0, 0, 0, 0, 0, 0), end])
    send(payload)
}
