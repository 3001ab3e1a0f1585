import { BulkheadError, isBulkheadError } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import { isSecretReference } from '../application/application.ts'
import type { SecretProvider } from './secret-provider.ts'
import { Secret } from './secret.ts'

/** As `name` in the contract: no `--`, no dot, no slash, so that it can be part of a path and of a variable. */
const namePattern = /^(?!.*--)[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/

/** More than a manifest can name; what comes after is asked for again (I8). */
const mostKept = 200

/** Finds the secrets of one application (I6, I7). */
export interface SecretResolver {
  /**
   * @param path  where the reference stands, for the error
   * @throws BulkheadError `secret-not-found`, naming all places; `secret-unreadable`; `secret-provider-unavailable`
   */
  resolve(name: string, path?: string): Promise<Secret>
}

/**
 * Asks the providers in their order, each only below the application's own name. What was found is kept as long as
 * the resolver, which is a run's: a secret that is changed counts from the next run on.
 *
 * @param onFound  told every value, so that a redactor knows it before anyone else does
 */
export function createSecretResolver(options: {
  readonly application: string
  readonly providers: readonly SecretProvider[]
  readonly onFound: (secret: Secret) => void
}): SecretResolver {
  const { application, providers, onFound } = options
  const kept = new Map<string, Promise<Secret>>()

  async function find(name: string): Promise<Secret> {
    for (const provider of providers) {
      // one that cannot be asked ends it: the next one may have another secret of that name
      const secret = await provider.find(application, name)
      if (secret === undefined) continue
      onFound(secret)
      return secret
    }
    const absences = providers.map((provider) => provider.absence(application, name))
    const missing = absences.map((absence) => absence.missing).join(', and ')
    throw fault(
      'secret-not-found',
      `The secret "${name}" of application "${application}" is not there: ${missing}`,
      { fix: asSentence(absences.map(({ remedy }) => remedy).join(', or ')) },
    )
  }

  return {
    async resolve(name, path) {
      if (!namePattern.test(name) || !namePattern.test(application))
        throw fault('secret-not-found', `"${name.slice(0, 60)}" is not the name of a secret`, {
          ...(path !== undefined && { path }),
          fix: 'Write lower-case letters, digits and single hyphens',
        })
      const finding = kept.get(name) ?? find(name)
      if (kept.size < mostKept) kept.set(name, finding)
      try {
        return await finding
      } catch (error) {
        kept.delete(name)
        throw withPath(error, path)
      }
    },
  }
}

/** The same for every place that names a secret, but for the place. */
function withPath(error: unknown, path: string | undefined): unknown {
  if (path === undefined || !isBulkheadError(error) || error.path !== undefined) return error
  const { kind, code, message, fix, cause } = error
  return new BulkheadError({ kind, code, message, path, ...(fix !== undefined && { fix }), cause })
}

function asSentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/**
 * Settings with every `{ secret: NAME }` replaced by its value, in clear: what a connector gets.
 * @throws BulkheadError as `resolve` does, with the path of the setting
 */
export async function resolveSecrets(
  config: Readonly<Record<string, unknown>>,
  path: string,
  secrets: SecretResolver,
): Promise<Record<string, unknown>> {
  const resolve = async (value: unknown, at: string): Promise<unknown> => {
    if (isSecretReference(value)) return (await secrets.resolve(value.secret, at)).reveal()
    if (value instanceof Secret) return value.reveal()
    if (Array.isArray(value)) return Promise.all(value.map((item, index) => resolve(item, `${at}[${index}]`)))
    if (typeof value === 'object' && value !== null) {
      const members = Object.entries(value).map(
        async ([key, item]) => [key, await resolve(item, `${at}.${key}`)] as const,
      )
      return Object.fromEntries(await Promise.all(members))
    }
    return value
  }
  return (await resolve(config, path)) as Record<string, unknown>
}
