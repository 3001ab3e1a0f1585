import type { ConnectionContext, Extract, ReadRequest, Source } from '@bulkhead/connector-sdk'
import { type Authorizer, fixedAuthorizer } from './auth/authorizer.ts'
import { ClientCredentials } from './auth/client-credentials.ts'
import { HttpClient } from './client/http-client.ts'
import { Requester } from './client/requester.ts'
import type { Config } from './config.ts'
import { httpFault } from './errors.ts'
import { createExtract } from './extract.ts'
import { checkBody } from './json/json-text.ts'
import { bindQuery } from './query.ts'
import { readSettings, type Settings } from './settings.ts'
import { targetUrl } from './target-url.ts'

/** A token or an error that explains itself needs no more. */
const MAX_SMALL_BYTES = 1024 * 1024

/** Checks the settings; nothing is sent before the first check or read. */
export function openSource(context: ConnectionContext<Config>): Promise<Source> {
  try {
    return Promise.resolve(source(context))
  } catch (error) {
    return Promise.reject(error as Error)
  }
}

function source({ config, limits, log, signal: ends }: ConnectionContext<Config>): Source {
  const settings = readSettings(config, limits.connectTimeoutMs)
  const closing = new AbortController()
  const opened = new DisposableStack()
  const closed = AbortSignal.any([ends, closing.signal])
  const authorizer = createAuthorizer(settings, opened, closed, log)
  const requester = opened.use(
    requesterOf(settings, settings.base, settings.maxPageBytes, authorizer, 'api', log),
  )

  return {
    async check(signal: AbortSignal): Promise<string> {
      const { base, checkPath, connectTimeoutMs } = settings
      // Whoever checks wants to know soon, and a small request is all that it takes.
      using late = timeout(connectTimeoutMs, base.host)
      const all = AbortSignal.any([signal, closed, late.signal])
      const url = checkPath === undefined ? base : targetUrl(base, checkPath, 'config.checkPath')
      const headers = { accept: 'application/json', 'user-agent': 'bulkhead', ...settings.headers }
      const request = { method: 'GET', url, headers, body: undefined } as const
      if (checkPath !== undefined) {
        const answer = await requester.requester.request(request, 'checkPath', all)
        answer.discard()
        return `${url.origin} answers with status ${answer.status}${authText(settings)}`
      }
      const answer = await requester.client.send(await authorizer.authorize(request, all), all)
      answer.discard()
      return `${url.origin} answers; without checkPath it is not known whether the credentials are right`
    },

    async prepare(read: ReadRequest, signal: AbortSignal): Promise<Extract> {
      const query = bindQuery(read.query, read.parameters)
      checkBody(query.body)
      const options = {
        settings,
        requester: requester.requester,
        queryTimeoutMs: limits.queryTimeoutMs,
        log,
        closed,
      }
      return await createExtract(query, read, options, signal)
    },

    [Symbol.asyncDispose](): Promise<void> {
      closing.abort(new Error('The connection was closed'))
      opened.dispose()
      return Promise.resolve()
    },
  }
}

interface OwnedRequester extends Disposable {
  readonly requester: Requester
  readonly client: HttpClient
}

function requesterOf(
  settings: Settings,
  origin: URL,
  maxBytes: number,
  authorizer: Authorizer,
  role: 'api' | 'token',
  log: ConnectionContext<Config>['log'],
): OwnedRequester {
  const { connectTimeoutMs, requestTimeoutMs, attempts, longestWaitMs, secrets, requestsPerSecond } = settings
  // What this side shows of itself is for the API alone; whom it trusts holds for both.
  const tls = role === 'api' ? settings.tls : settings.tls.ca === undefined ? {} : { ca: settings.tls.ca }
  const client = new HttpClient(origin, { tls, connectTimeoutMs, requestTimeoutMs, maxBytes })
  const rate = role === 'api' ? requestsPerSecond : undefined
  const requester = new Requester({
    client,
    authorizer,
    attempts,
    longestWaitMs,
    requestsPerSecond: rate,
    secrets,
    role,
    log,
  })
  return { requester, client, [Symbol.dispose]: () => client[Symbol.dispose]() }
}

function createAuthorizer(
  settings: Settings,
  opened: DisposableStack,
  closed: AbortSignal,
  log: ConnectionContext<Config>['log'],
): Authorizer {
  const { auth } = settings
  if (auth.type !== 'oauth2') return fixedAuthorizer(auth)
  const none = fixedAuthorizer({ type: 'none' })
  const { requester } = opened.use(
    requesterOf(settings, new URL(auth.endpoint), MAX_SMALL_BYTES, none, 'token', log),
  )
  return new ClientCredentials(auth, requester, closed)
}

function timeout(ms: number, host: string): Disposable & { readonly signal: AbortSignal } {
  const late = new AbortController()
  const timer = setTimeout(
    () =>
      late.abort(httpFault('http-timeout', `${host} did not answer in ${ms} ms`, { path: 'config.baseUrl' })),
    ms,
  )
  return { signal: late.signal, [Symbol.dispose]: () => clearTimeout(timer) }
}

function authText({ auth }: Settings): string {
  return auth.type === 'none' ? '' : `, credentials of type ${auth.type} accepted`
}
