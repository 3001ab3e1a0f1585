import { readFile } from 'node:fs/promises'
import { fault, type PlatformSpec } from '@bulkhead/contract'
import type { ClientConfig } from 'pg'
import { type PlatformText, resolvePlatformText } from '@bulkhead/engine/platform/platform-text'
import { postgresTypes } from './postgres-traits.ts'

type PostgresSpec = Extract<PlatformSpec['repository'], { postgres: unknown }>['postgres']

/** How long connecting may take. */
const connectMs = 5_000
/** A connection that dies in silence is noticed. */
const keepAliveAfterMs = 10_000

/**
 * What `pg` is told, but for the pool.
 *
 * @throws BulkheadError `platform-text-missing`; `repository-unusable` when a file of TLS is missing
 */
export async function connectionSettings(
  { url, tls }: Pick<PostgresSpec, 'tls'> & { readonly url: PlatformText },
  variables: Readonly<Record<string, string | undefined>>,
): Promise<ClientConfig> {
  return {
    connectionString: await resolvePlatformText(url, variables, 'spec.repository.postgres.url'),
    application_name: 'bulkhead',
    ssl: await tlsOf(tls),
    connectionTimeoutMillis: connectMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveAfterMs,
    types: postgresTypes,
  }
}

async function tlsOf(tls: PostgresSpec['tls']): Promise<NonNullable<ClientConfig['ssl']>> {
  if (tls === false) return false
  const { ca, cert, key } = tls === true ? {} : tls
  return {
    rejectUnauthorized: true,
    ...(ca !== undefined && { ca: await fileOf(ca, 'ca') }),
    ...(cert !== undefined && { cert: await fileOf(cert, 'cert') }),
    ...(key !== undefined && { key: await fileOf(key, 'key') }),
  }
}

async function fileOf(path: string, name: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown'
    throw fault('repository-unusable', `The file ${path} cannot be read (${code})`, {
      path: `spec.repository.postgres.tls.${name}`,
      cause,
    })
  }
}
