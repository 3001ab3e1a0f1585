import { z } from '@bulkhead/connector-sdk'
import { fault, secretProviderSchema, type SecretProviderSettings } from '@bulkhead/contract'
import { awsSecretsProvider } from './aws-secrets-provider.ts'
import { environmentProvider } from './environment-provider.ts'
import { folderProvider } from './folder-provider.ts'
import type { SecretProvider } from './secret-provider.ts'
import { vaultProvider } from './vault-provider.ts'

/** As a server takes it for the same field of its platform.yaml. */
const variable = 'BULKHEAD_PLATFORM__SECRETS__PROVIDERS'

/**
 * Where secrets are for a process that no server told: variables and files, unless a variable says otherwise, as
 * JSON in the form of `spec.secrets.providers` of a platform.
 * @throws BulkheadError `platform-invalid`
 */
export function providersOf(
  environment: Readonly<Record<string, string | undefined>>,
): readonly SecretProviderSettings[] {
  const text = environment[variable]
  if (text === undefined || text === '') return [{ environment: {} }]
  const parsed = z.array(secretProviderSchema).max(10).safeParse(jsonOf(text))
  if (parsed.success) return parsed.data
  throw fault('platform-invalid', `The variable ${variable} holds no list of providers of secrets`, {
    fix: 'Write JSON in the form of spec.secrets.providers of platform.yaml: [{"environment": {}}]',
  })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Providers by their settings, in their order. None is reached yet.
 * @param environment  of this process
 */
export function openProviders(
  settings: readonly SecretProviderSettings[],
  environment: Readonly<Record<string, string | undefined>>,
): readonly SecretProvider[] {
  return settings.flatMap((one): readonly SecretProvider[] => {
    if ('vault' in one) return [vaultProvider(one.vault, environment)]
    if ('awsSecretsManager' in one) return [awsSecretsProvider(one.awsSecretsManager)]
    if ('folder' in one) return [folderProvider(one.folder.path, one.folder.path)]
    return [
      environmentProvider(environment),
      folderProvider(environment['BULKHEAD_SECRETS_DIR'], '$BULKHEAD_SECRETS_DIR'),
    ]
  })
}
