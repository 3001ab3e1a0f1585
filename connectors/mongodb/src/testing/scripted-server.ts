import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { BSON } from 'mongodb'

/**
 * A server that speaks the frame of MongoDB's protocol and answers what a test wants: for what no server
 * of the tests does on demand, such as refusing a login or never answering. It proves nothing about MongoDB.
 * @see https://github.com/mongodb/specifications/blob/master/source/message/OP_MSG.md
 */
export interface ScriptedServer extends AsyncDisposable {
  readonly host: string
  /** Every command that arrived but greetings, in order. */
  readonly commands: readonly Readonly<Record<string, unknown>>[]
  /** Connections open now. */
  readonly open: () => number
}

/** Answers a command; undefined: never. */
export type Answer = (command: Readonly<Record<string, unknown>>) => Record<string, unknown> | undefined

const opReply = 1
const opMsg = 2013

export const greeting = {
  ismaster: true,
  helloOk: true,
  isWritablePrimary: true,
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  logicalSessionTimeoutMinutes: 30,
  minWireVersion: 0,
  maxWireVersion: 21,
  readOnly: false,
  ok: 1,
}

export async function startScriptedServer(
  answer: Answer,
  hello: Readonly<Record<string, unknown>> = greeting,
): Promise<ScriptedServer> {
  const commands: Record<string, unknown>[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    let received = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      while (received.length >= 4 && received.length >= received.readInt32LE(0)) {
        const message = received.subarray(0, received.readInt32LE(0))
        received = received.subarray(message.length)
        respond(socket, message)
      }
    })
  })

  function respond(socket: Socket, message: Buffer): void {
    const id = message.readInt32LE(4)
    const isMessage = message.readInt32LE(12) === opMsg
    const command = BSON.deserialize(message.subarray(isMessage ? 21 : message.indexOf(0, 20) + 9), {
      allowObjectSmallerThanBufferSize: true,
    })
    const name = Object.keys(command)[0] ?? ''
    const isGreeting = ['hello', 'ismaster', 'isMaster'].includes(name)
    if (!isGreeting) commands.push(command)
    const body = isGreeting ? hello : answer(command)
    if (body === undefined) return
    const bson = BSON.serialize(body)
    const head = Buffer.alloc(isMessage ? 21 : 36)
    head.writeInt32LE(head.length + bson.length, 0)
    head.writeInt32LE(id, 8)
    head.writeInt32LE(isMessage ? opMsg : opReply, 12)
    if (!isMessage) head.writeInt32LE(1, 32)
    socket.write(Buffer.concat([head, bson]))
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    commands,
    open: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
