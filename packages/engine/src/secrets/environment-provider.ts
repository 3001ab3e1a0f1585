import { secretVariable } from '@bulkhead/contract'
import type { SecretProvider } from './secret-provider.ts'
import { Secret } from './secret.ts'
import { takenSecret } from './secret-variables.ts'

/**
 * Secrets in variables: those that were taken out of the environment of this process, and those that are still
 * in it, as with a server, which keeps those of all applications for their runners.
 */
export function environmentProvider(
  environment: Readonly<Record<string, string | undefined>>,
): SecretProvider {
  return {
    find(application, name) {
      const value = environment[secretVariable(application, name)]
      const left = value === undefined || value === '' ? undefined : new Secret(value)
      return Promise.resolve(takenSecret(application, name) ?? left)
    },
    absence(application, name) {
      const variable = secretVariable(application, name)
      return { missing: `${variable} is not set`, remedy: `set ${variable}` }
    },
  }
}
