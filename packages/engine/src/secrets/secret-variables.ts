import { secretVariable, secretVariablePrefix } from '@bulkhead/contract'
import { Secret } from './secret.ts'

/** Secrets that came by the environment. */
const taken = new Map<string, Secret>()

/**
 * Moves the secrets out of the environment, so that no child process inherits one (I6): those of
 * this application are kept, those of others forgotten. May be called again; what was taken stays.
 *
 * The block that the kernel made when this process began cannot be emptied: who may read
 * `/proc/PID/environ` of this very process may read its memory too. Files have no such copy.
 */
export function takeSecretVariables(application: string, environment: NodeJS.ProcessEnv): void {
  const own = secretVariable(application, '')
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith(secretVariablePrefix)) continue
    delete environment[variable]
    if (variable.startsWith(own) && value !== undefined && value !== '')
      taken.set(variable, new Secret(value))
  }
}

/** A secret that `takeSecretVariables` found; an empty variable counts as none. */
export function takenSecret(application: string, name: string): Secret | undefined {
  return taken.get(secretVariable(application, name))
}
