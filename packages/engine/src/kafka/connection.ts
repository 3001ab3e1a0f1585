import { isIP } from 'node:net'
import { readFile } from 'node:fs/promises'
import type { KafkaCluster } from '@bulkhead/contract'
import { fault, parseDuration } from '@bulkhead/contract'
import type { ConnectionOptions } from '@platformatic/kafka'
import { Secret } from '../secrets/secret.ts'

/** A cluster of the platform with its files read and its secrets found. */
export interface KafkaConnection {
  readonly bootstrap: readonly string[]
  /** False: in clear. Certificates are PEM text. */
  readonly tls: false | { readonly ca?: string; readonly cert?: string; readonly key?: Secret }
  readonly sasl?: {
    readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
    readonly username: string
    readonly password: Secret
  }
  /** How long a consumer that is not heard of keeps its partitions. */
  readonly sessionMs: number
}

type PlatformText = KafkaCluster['sasl'] extends (infer S) | undefined
  ? S extends { readonly username: infer U }
    ? U
    : never
  : never

/**
 * Reads what a cluster of the platform names.
 *
 * @param text  resolves a text of the platform that may be a variable or a file
 * @param path  of the cluster in the platform's file, for errors
 * @throws BulkheadError `platform-text-missing`
 */
export async function resolveCluster(
  { bootstrap, tls, sasl, session }: KafkaCluster,
  text: (value: PlatformText, path: string) => Promise<string>,
  path: string,
): Promise<KafkaConnection> {
  return {
    bootstrap,
    sessionMs: parseDuration(session),
    tls: tls === true ? {} : tls === false ? false : await certificates(tls, `${path}.tls`),
    ...(sasl !== undefined && {
      sasl: {
        mechanism: sasl.mechanism,
        username: await text(sasl.username, `${path}.sasl.username`),
        password: new Secret(await text(sasl.password, `${path}.sasl.password`)),
      },
    }),
  }
}

async function certificates(
  files: Exclude<KafkaCluster['tls'], boolean>,
  path: string,
): Promise<Exclude<KafkaConnection['tls'], false>> {
  const read = async (field: 'ca' | 'cert' | 'key'): Promise<string | undefined> => {
    const file = files[field]
    if (file === undefined) return undefined
    return readFile(file, 'utf8').catch((cause: unknown) => {
      throw fault('platform-text-missing', `The file ${file} cannot be read`, {
        path: `${path}.${field}`,
        cause,
      })
    })
  }
  const [ca, cert, key] = await Promise.all([read('ca'), read('cert'), read('key')])
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key: new Secret(key) }),
  }
}

const connectMs = 5000
const answerMs = 15_000

/** What every client of a cluster is made with: bounded times, few tries, because whoever uses it tries again. */
export function clientOptions({
  bootstrap,
  tls,
  sasl,
}: Omit<KafkaConnection, 'sessionMs'>): ConnectionOptions & {
  clientId: string
  bootstrapBrokers: string[]
  retries: number
  retryDelay: number
} {
  return {
    clientId: 'bulkhead',
    bootstrapBrokers: [...bootstrap],
    connectTimeout: connectMs,
    requestTimeout: answerMs,
    retries: 2,
    retryDelay: 250,
    ...(tls !== false && {
      tls: { ...tls, ...(tls.key !== undefined && { key: tls.key.reveal() }) } as Record<string, string>,
      // a name is told to the broker, for those that have several certificates; an address must not be
      tlsServerName: !bootstrap.every((broker) => isIP(hostOf(broker)) !== 0),
    }),
    ...(sasl !== undefined && { sasl: { ...sasl, password: sasl.password.reveal() } }),
  }
}

function hostOf(broker: string): string {
  return broker.slice(0, broker.lastIndexOf(':')).replace(/^\[|\]$/g, '')
}
