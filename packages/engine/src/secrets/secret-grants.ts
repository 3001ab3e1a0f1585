import { randomBytes } from 'node:crypto'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isBulkheadError, type Log } from '@bulkhead/connector-sdk'
import { fault, name, type SecretProviderSettings } from '@bulkhead/contract'
import { makePrivateFolder } from '../links/state-folder.ts'
import { askProvider } from './ask-provider.ts'
import { type VaultSettings, vaultHeaders, vaultToken, vaultUrl } from './vault-provider.ts'

/** The providers of the platform, as the runners of each application are told of them. */
export interface SecretGrants extends AsyncDisposable {
  /** Waits for the first tokens, and does not fail: without one a run that needs a secret is tried again. */
  of(application: string): Promise<readonly SecretProviderSettings[]>
}

export interface GrantOptions {
  /** Tokens for runners are put below it, for each application into a folder of its own. */
  readonly stateFolder: string
  /** Of the server, where the platform's own token may be. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly log: Log
}

/** A runner that ended keeps a token for no longer than this. */
const lifetime = '1h'
const retryMs = 5_000

/**
 * Makes out what runners of an application may ask for secrets with. The platform's token reads the secrets of all
 * applications, so no runner gets it: each application has a token of its own policy, in a file that is renewed
 * until the server ends (I7). Providers without a token are the same for all.
 */
export function createSecretGrants(
  providers: readonly SecretProviderSettings[],
  options: GrantOptions,
): SecretGrants {
  const stop = new AbortController()
  const granted = new Map<string, Promise<readonly SecretProviderSettings[]>>()
  const keepers: Promise<void>[] = []
  const folderOf = (application: string): string => join(options.stateFolder, 'provider-tokens', application)

  async function grant(application: string): Promise<readonly SecretProviderSettings[]> {
    // it becomes part of a path
    if (!name.safeParse(application).success) throw new TypeError('Not the name of an application')
    const grants = providers.map(async (provider, index): Promise<SecretProviderSettings> => {
      if (!('vault' in provider)) return provider
      const held = { ...options, application, file: join(folderOf(application), `${index}.token`) }
      const firstPauseMs = await renew(provider.vault, held)
      keepers.push(keepToken(provider.vault, held, firstPauseMs, stop.signal))
      return { vault: { ...provider.vault, token: { file: held.file } } }
    })
    return Promise.all(grants)
  }

  return {
    of(application) {
      const known = granted.get(application) ?? grant(application)
      granted.set(application, known)
      return known
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await Promise.allSettled(granted.values())
      await Promise.all(keepers)
      for (const application of granted.keys())
        await rm(folderOf(application), { recursive: true, force: true })
    },
  }
}

/** The token of one application and provider. */
interface HeldToken extends GrantOptions {
  readonly application: string
  readonly file: string
}

async function keepToken(
  settings: VaultSettings,
  held: HeldToken,
  firstPauseMs: number,
  signal: AbortSignal,
): Promise<void> {
  for (let pauseMs = firstPauseMs; !signal.aborted;) {
    // it keeps no process alive
    await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => undefined)
    if (!signal.aborted) pauseMs = await renew(settings, held)
  }
}

/** @returns milliseconds until it has to be done again */
async function renew(settings: VaultSettings, held: HeldToken): Promise<number> {
  try {
    const { token, leaseMs } = await makeToken(settings, held)
    await writeToken(held.file, token)
    return Math.max(1000, leaseMs / 2)
  } catch (error) {
    const reason = isBulkheadError(error) ? error.message : 'its file cannot be written'
    held.log.warn(`The runners of "${held.application}" get no new token for Vault: ${reason}`)
    return retryMs
  }
}

/** @see https://developer.hashicorp.com/vault/api-docs/auth/token#create-token */
async function makeToken(
  settings: VaultSettings,
  { application, environment }: HeldToken,
): Promise<{ readonly token: string; readonly leaseMs: number }> {
  const policy = settings.policy.replaceAll('{application}', application)
  const { status, body } = await askProvider(
    `Vault at ${new URL(settings.address).origin}`,
    vaultUrl(settings, `auth/token/create/${settings.tokenRole}`),
    {
      method: 'POST',
      headers: vaultHeaders(settings, await vaultToken(settings, environment)),
      body: JSON.stringify({
        policies: [policy],
        no_default_policy: true,
        renewable: false,
        ttl: lifetime,
        display_name: `bulkhead-${application}`,
      }),
    },
  )
  const auth = body?.['auth'] as
    | { readonly client_token?: unknown; readonly lease_duration?: unknown }
    | undefined
  if (status !== 200 || typeof auth?.client_token !== 'string')
    throw fault('secret-unreadable', `Vault makes no token of the policy ${policy}: HTTP ${status}`, {
      fix: `Make the token role ${settings.tokenRole} and let it allow the policy: vault write auth/token/roles/${settings.tokenRole} allowed_policies_glob="bulkhead-*" orphan=true`,
    })
  return { token: auth.client_token, leaseMs: Number(auth.lease_duration) * 1000 || 3_600_000 }
}

async function writeToken(file: string, token: string): Promise<void> {
  await makePrivateFolder(join(file, '..'))
  const own = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`
  await writeFile(own, token, { mode: 0o600 })
  await rename(own, file)
}
