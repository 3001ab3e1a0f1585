import { rootCertificates } from 'node:tls'
import type * as athenaModule from '@aws-sdk/client-athena'
import type { AthenaClient } from '@aws-sdk/client-athena'
import type * as s3Module from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import type { ConnectionContext, Log } from '@bulkhead/connector-sdk'
import { callError, type Operation } from './call-error.ts'
import type { Config } from './config.ts'
import { athenaError } from './errors.ts'
import { checkAddresses, keysOf, type Times, timesOf } from './settings.ts'

/** An opened connection: clients of Athena and of S3 with the same keys. */
export interface Connection extends AsyncDisposable {
  readonly sdk: typeof athenaModule
  readonly athena: AthenaClient
  /** Made at the first call: a result that is read by pages needs none. */
  readonly s3: () => Promise<{ readonly sdk: typeof s3Module; readonly client: S3Client }>
  readonly config: Config
  readonly times: Times
  readonly queryTimeoutMs: number
  readonly connectTimeoutMs: number
  readonly log: Log
}

/** Loads the SDK, which is why it is imported here and not above: nobody else's start pays for it. Reaches nothing. */
export async function openConnection(context: ConnectionContext<Config>): Promise<Connection> {
  const { config, limits, log } = context
  checkAddresses(config)
  const times = timesOf(config)
  const keys = keysOf(config, process.env)
  const sdk = await import('@aws-sdk/client-athena')
  const shared = {
    ...clientConfig(config, times, limits.connectTimeoutMs),
    ...(keys === undefined ? {} : { credentials: keys }),
  }
  const athena = new sdk.AthenaClient({
    ...shared,
    ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
  })
  let s3: S3Client | undefined
  return {
    sdk,
    athena,
    async s3() {
      const module = await import('@aws-sdk/client-s3')
      s3 ??= new module.S3Client({
        ...shared,
        useAccelerateEndpoint: false,
        useArnRegion: false,
        disableMultiregionAccessPoints: true,
        followRegionRedirects: false,
        responseChecksumValidation: 'WHEN_REQUIRED',
        ...(config.s3Endpoint === undefined ? {} : { endpoint: config.s3Endpoint, forcePathStyle: true }),
      })
      return { sdk: module, client: s3 }
    },
    config,
    times,
    queryTimeoutMs: limits.queryTimeoutMs,
    connectTimeoutMs: limits.connectTimeoutMs,
    log,
    async [Symbol.asyncDispose]() {
      athena.destroy()
      s3?.destroy()
    },
  }
}

/** Makes one call: what it throws is translated; an abort throws the signal's reason. */
export async function call<T>(
  operation: Operation,
  signal: AbortSignal,
  send: (options: { readonly abortSignal: AbortSignal }) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  try {
    return await send({ abortSignal: signal })
  } catch (error) {
    signal.throwIfAborted()
    throw callError(error, operation)
  }
}

/** What a call has to answer. @throws BulkheadError `athena-not-athena` when it is not there */
export function answered<T>(value: T | undefined, what: string): T {
  if (value !== undefined) return value
  throw athenaError('athena-not-athena', `The answer lacks ${what}`, { path: 'config.endpoint' })
}

/**
 * Every setting that the SDK would else take from `AWS_*` variables or `~/.aws` is set here: what a machine is
 * configured for must not change where an application's queries go (I7).
 */
function clientConfig(config: Config, { requestTimeoutMs }: Times, connectTimeoutMs: number) {
  const { ca } = config.tls
  return {
    region: config.region,
    ignoreConfiguredEndpointUrls: true,
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    authSchemePreference: [],
    userAgentAppId: 'bulkhead',
    defaultsMode: 'standard' as const,
    retryMode: 'standard' as const,
    maxAttempts: config.attempts,
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      // until the answer begins; while an object is read its reader watches
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
      socketTimeout: 0,
      httpAgent: { keepAlive: true, maxSockets: 4 },
      httpsAgent: {
        keepAlive: true,
        maxSockets: 4,
        ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
      },
    },
  }
}
