import { rootCertificates } from 'node:tls'
import type * as sdkModule from '@aws-sdk/client-s3'
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import type { ConnectionContext, Log } from '@bulkhead/connector-sdk'
import type { S3Config } from './config.ts'
import { credentialsOf } from './credentials.ts'
import { s3Fault } from './errors.ts'
import { readSettings, type Settings } from './settings.ts'
import type { Operation } from './operation.ts'
import { translateError } from './translate-error.ts'

/** The AWS SDK, loaded when the first connection is opened: it costs 70 ms and 17 MB. */
type Sdk = typeof sdkModule

/** An opened connection to a bucket, for both roles. */
export interface S3Connection extends AsyncDisposable {
  readonly sdk: Sdk
  readonly client: S3Client
  readonly settings: Settings
  readonly log: Log
  /** Makes one call: what it throws is translated; an abort throws the signal's reason. */
  readonly call: <T>(
    operation: Operation,
    signal: AbortSignal,
    send: (options: { readonly abortSignal: AbortSignal }) => Promise<T>,
  ) => Promise<T>
  /** Throws: a web server that answers 200 to everything gives no ETag and no listing, and has stored nothing. */
  readonly notS3: (doing: string) => never
  /** A client with the same keys for another address; the caller destroys it. */
  readonly clientFor: (endpoint: string) => S3Client
}

/** Loads the SDK and makes a client. Reaches nothing: the first call does. */
export async function openConnection(context: ConnectionContext<S3Config>): Promise<S3Connection> {
  const settings = readSettings(context.config)
  const credentials = credentialsOf(settings, process.env)
  const sdk = await import('@aws-sdk/client-s3')
  const make = (endpoint: string | undefined): S3Client =>
    new sdk.S3Client({
      ...clientConfig(settings, context.limits.connectTimeoutMs),
      ...(credentials === undefined ? {} : { credentials }),
      ...(endpoint === undefined ? {} : { endpoint }),
    })
  const kept = context.kept?.take()
  const own = kept instanceof KeptClient ? kept : new KeptClient(make(settings.endpoint))
  const { client } = own
  return {
    sdk,
    client,
    settings,
    log: context.log,
    async call(operation, signal, send) {
      signal.throwIfAborted()
      try {
        return await send({ abortSignal: signal })
      } catch (error) {
        signal.throwIfAborted()
        throw translateError(error, operation, settings)
      }
    },
    notS3(doing) {
      throw s3Fault(
        's3-endpoint-not-s3',
        `Cannot ${doing} bucket "${settings.bucket}" at ${settings.address}: what answers there does not speak S3`,
        { path: 'config.endpoint' },
      )
    },
    clientFor: make,
    async [Symbol.asyncDispose]() {
      if (context.kept === undefined) await own[Symbol.asyncDispose]()
      else context.kept.put(own)
    },
  }
}

/** A client with its connections, for one run after the other: it holds nothing of any of them. */
class KeptClient implements AsyncDisposable {
  readonly client: S3Client

  constructor(client: S3Client) {
    this.client = client
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.destroy()
  }
}

/**
 * Every setting that the SDK would else take from `AWS_*` variables or `~/.aws` is set here: what a
 * machine is configured for must not change where an application's data goes (I7).
 */
function clientConfig(settings: Settings, connectTimeoutMs: number): S3ClientConfig {
  // parts in flight, one listing, one link or removal beside them
  const maxSockets = settings.inFlight + 4
  const ca = settings.tls.ca
  return {
    region: settings.region,
    forcePathStyle: settings.forcePathStyle,
    ignoreConfiguredEndpointUrls: true,
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    useAccelerateEndpoint: false,
    useArnRegion: false,
    disableMultiregionAccessPoints: true,
    disableS3ExpressSessionAuth: false,
    followRegionRedirects: false,
    authSchemePreference: [],
    sigv4aSigningRegionSet: [settings.region],
    userAgentAppId: 'bulkhead',
    defaultsMode: 'standard',
    retryMode: 'standard',
    maxAttempts: settings.attempts,
    // asked for call by call: a default would end up in signed links
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // with `Expect: 100-continue` the SDK opens a connection of its own for every part
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      // until the answer begins; while an object is read its reader watches, because waiting for a
      // slow consumer is no silence of the store
      requestTimeout: settings.requestTimeoutMs,
      throwOnRequestTimeout: true,
      socketTimeout: 0,
      httpAgent: { keepAlive: true, maxSockets },
      httpsAgent: {
        keepAlive: true,
        maxSockets,
        ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
      },
    },
  }
}
