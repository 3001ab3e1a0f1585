import type { ConnectionContext } from '@bulkhead/connector-sdk'
import type { MongoClient } from 'mongodb'
import type { Config } from '../config.ts'
import { mongodbError } from '../errors.ts'
import { closeClient, connectClient } from './connect.ts'

/** A client for one read alone: to stop the read is to end the client, whatever it is doing. */
export interface Lease {
  readonly client: MongoClient
  readonly connections: number
}

/** The clients of a source. Together they read by no more connections than the connection allows (I8). */
export class ClientPool implements AsyncDisposable {
  readonly #context: ConnectionContext<Config>
  readonly #idle: MongoClient[] = []
  readonly #all = new Set<MongoClient>()
  #inUse = 0
  #closed = false

  constructor(context: ConnectionContext<Config>) {
    this.#context = context
  }

  /** @throws BulkheadError `mongodb-connections-in-use`, and what connecting throws */
  async acquire(connections: number, signal: AbortSignal): Promise<Lease> {
    const { limits } = this.#context
    if (this.#closed) throw new TypeError('The source is closed')
    if (this.#inUse + connections > limits.connections)
      throw mongodbError(
        'mongodb-connections-in-use',
        `All ${limits.connections} connections that the settings allow are in use`,
      )
    this.#inUse += connections
    try {
      const client = this.#idle.pop() ?? (await connectClient(this.#context, limits.connections, signal))
      this.#all.add(client)
      if (this.#closed) {
        await this.#end(client)
        throw new TypeError('The source is closed')
      }
      return { client, connections }
    } catch (error) {
      this.#inUse -= connections
      throw error
    }
  }

  /** @param clean  whether nothing of the read is left at work */
  async release({ client, connections }: Lease, clean: boolean): Promise<void> {
    this.#inUse -= connections
    if (clean && !this.#closed) this.#idle.push(client)
    else await this.#end(client)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#all].map((client) => this.#end(client)))
  }

  async #end(client: MongoClient): Promise<void> {
    this.#all.delete(client)
    await closeClient(client)
  }
}
