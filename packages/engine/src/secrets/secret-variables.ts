import { Secret } from './secret.ts'

/**
 * Secrets that came by the environment: `BULKHEAD_SECRET__<APP>__<NAME>`, upper-case, a hyphen as `_`.
 * Names begin and end with a letter or digit and hold no `--`, so a variable belongs to one
 * application and one name: `a-b` + `c` and `a` + `b-c` never meet.
 */
const prefix = 'BULKHEAD_SECRET__'

const taken = new Map<string, Secret>()

/** The variable of a secret, for messages and for whoever sets it. */
export function secretVariable(application: string, name: string): string {
  const part = (text: string): string => text.toUpperCase().replaceAll('-', '_')
  return `${prefix}${part(application)}__${part(name)}`
}

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
    if (!variable.startsWith(prefix)) continue
    delete environment[variable]
    if (variable.startsWith(own) && value !== undefined && value !== '')
      taken.set(variable, new Secret(value))
  }
}

/** A secret that `takeSecretVariables` found; an empty variable counts as none. */
export function takenSecret(application: string, name: string): Secret | undefined {
  return taken.get(secretVariable(application, name))
}
