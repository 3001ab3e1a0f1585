import type { ApplicationSpec } from '../../test/support/application-folder.ts'

/** A way of small requests through a server: where they come in, where files and replies go, where it keeps them. */
export interface RequestWay extends AsyncDisposable {
  readonly name: 'requests-embedded' | 'requests-team'
  /** What the application has besides its job: stores, triggers and replies. */
  readonly application: Pick<ApplicationSpec, 'stores' | 'triggers' | 'replies'>
  /** `spec` of the platform file. */
  readonly platform: Readonly<Record<string, unknown>>
  /** Further variables of the server. */
  readonly environment: Readonly<Record<string, string>>
  /** Called once, when the server is ready. */
  open(server: { readonly url: string; readonly token: string }): Promise<RequestClient>
}

/** Whoever has requests, and waits for what comes of them. */
export interface RequestClient extends AsyncDisposable {
  /** Resolves when the request was handed over. */
  send(requestId: string): Promise<void>
}

/** How a reply is recognised: one event of each request, which says that it was completed. */
export interface ArrivedReply {
  readonly requestId: string
  readonly status: string
  readonly rows: number | undefined
  /** Why there are none. */
  readonly message: string | undefined
}

/** Those who wait for replies, by their request. */
export interface ReplyBox {
  /** Resolves when the reply comes; before the request is sent. @throws Error when it says other than `rows` rows */
  wait(requestId: string): Promise<void>
  arrived(reply: ArrivedReply): void
}

/** A reply that takes longer is not measured but missing. */
const patienceMs = 60_000

export function createReplyBox(rows: number): ReplyBox {
  const waiting = new Map<string, (reply: ArrivedReply) => void>()
  return {
    wait: (requestId) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`${requestId} was not answered in ${patienceMs / 1000} s`)),
          patienceMs,
        )
        waiting.set(requestId, (reply) => {
          clearTimeout(timer)
          waiting.delete(requestId)
          if (reply.status === 'completed' && reply.rows === rows) resolve()
          else
            reject(
              new Error(
                `${requestId} ended as ${reply.status}: ${reply.message ?? `${reply.rows ?? 'no'} rows`}`,
              ),
            )
        })
      }),
    arrived: (reply) => waiting.get(reply.requestId)?.(reply),
  }
}

/** @param data  of a reply event */
export function arrivedReply(data: unknown): ArrivedReply {
  const { requestId, status, result, error } = data as {
    readonly requestId: string
    readonly status: string
    readonly result?: { readonly rows: number }
    readonly error?: { readonly message: string }
  }
  return { requestId, status, rows: result?.rows, message: error?.message }
}

/** The text of a request, as it travels. */
export function requestText(requestId: string): string {
  return JSON.stringify({ requestId, job, parameters: { first: 1 } })
}

export const applicationName = 'requests'
export const job = 'small'
