import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after } from 'node:test'

/**
 * A FAKE of the HTTP API of a schema registry: no registry server can be installed here by a package manager. It knows the
 * two requests that the connector makes, basic authentication, and faults on demand.
 */
export interface FakeRegistry {
  readonly url: string
  /** Paths that were asked for. */
  readonly asked: readonly string[]
  /** Answers so many requests with this status. */
  fail(status: number, times: number): void
}

export interface FakeSchema {
  readonly schema: string
  readonly schemaType?: string
  readonly references?: readonly {
    readonly name: string
    readonly subject: string
    readonly version: number
  }[]
}

/** @param schemas  by path: `/schemas/ids/1`, `/subjects/address/versions/2` */
export async function startFakeRegistry(
  schemas: Readonly<Record<string, FakeSchema>>,
  login?: { readonly username: string; readonly password: string },
): Promise<FakeRegistry> {
  const asked: string[] = []
  let failing = { status: 0, times: 0 }
  const expected = login && `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`
  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace(/^\/registry/, '')
    asked.push(path)
    const found = schemas[path]
    const status =
      failing.times-- > 0
        ? failing.status
        : expected !== undefined && request.headers.authorization !== expected
          ? 401
          : found === undefined
            ? 404
            : 200
    response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' })
    response.end(JSON.stringify(status === 200 ? found : { error_code: status, message: 'no' }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/registry/`,
    asked,
    fail(status, times) {
      failing = { status, times }
    },
  }
}
