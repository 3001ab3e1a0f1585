import { readFile } from 'node:fs/promises'
import { fault, type SecretProviderSettings } from '@bulkhead/contract'
import { askProvider } from './ask-provider.ts'
import type { SecretProvider } from './secret-provider.ts'
import { Secret } from './secret.ts'

export type VaultSettings = Extract<SecretProviderSettings, { vault: unknown }>['vault']

/**
 * Secrets in the KV engine, version 2, of HashiCorp Vault or OpenBao: `MOUNT/data/PREFIX/<application>/<name>`.
 * @see https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#read-secret-version
 */
export function vaultProvider(
  settings: VaultSettings,
  environment: Readonly<Record<string, string | undefined>>,
): SecretProvider {
  const { mount, prefix, field, address } = settings
  const place = (application: string, name: string): string => `${mount}/${prefix}/${application}/${name}`
  const what = `Vault at ${shownAddress(address)}`
  return {
    async find(application, name) {
      const shown = place(application, name)
      const { status, body } = await askProvider(
        what,
        vaultUrl(settings, `${mount}/data/${prefix}/${application}/${name}`),
        {
          headers: vaultHeaders(settings, await vaultToken(settings, environment)),
        },
      )
      if (status === 404) return undefined // none, or its newest version was deleted
      const unreadable = (reason: string, fix: string): Error =>
        fault('secret-unreadable', `The secret ${shown} of ${what} ${reason}`, { fix })
      if (status === 401 || status === 403)
        throw unreadable(
          'may not be read by this token',
          `Let its policy read ${mount}/data/${prefix}/${application}/*, and see whether the token is valid`,
        )
      if (status !== 200)
        throw unreadable(`cannot be read: HTTP ${status}`, 'Check address, mount and namespace')
      const value = fieldOf(fieldOf(fieldOf(body, 'data'), 'data'), field)
      if (typeof value !== 'string' || value === '')
        throw unreadable(
          `has no text in its field "${field}"`,
          'Write the secret into that field, or set `field`',
        )
      return new Secret(value)
    },
    absence(application, name) {
      const shown = place(application, name)
      return { missing: `${what} has no ${shown}`, remedy: `write ${shown} in Vault` }
    },
  }
}

/** @param path  below `/v1/`, of names that were checked */
export function vaultUrl({ address }: VaultSettings, path: string): URL {
  const url = new URL(address)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/${path}`
  url.search = ''
  url.username = url.password = ''
  return url
}

export function vaultHeaders({ namespace }: VaultSettings, token: string): Record<string, string> {
  return {
    'x-vault-token': token,
    'x-vault-request': 'true',
    ...(namespace !== undefined && { 'x-vault-namespace': namespace }),
  }
}

/**
 * Read anew each time: an agent, or the server for its runners, puts a fresh one into the file.
 * @throws BulkheadError `secret-provider-unavailable` when there is none
 */
export async function vaultToken(
  { token }: Pick<VaultSettings, 'token'>,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const [place, text] =
    'env' in token
      ? [`the variable ${token.env}`, environment[token.env]]
      : [`the file ${token.file}`, await readFile(token.file, 'utf8').catch(() => undefined)]
  const value = text?.trim() ?? ''
  // it becomes a header
  if (/^[!-~]{1,10000}$/.test(value)) return value
  throw fault('secret-provider-unavailable', `There is no token for Vault: ${place} holds none`, {
    fix: 'Put a token there that Vault gave',
  })
}

function shownAddress(address: string): string {
  return new URL(address).origin
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined
}
