import { environmentSchema, secretVariable } from '@bulkhead/contract'
import { readYaml } from '@bulkhead/engine/application/yaml-document'
import type { ServedApplication } from '../applications/applications.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** What every program needs, and what the platform says to all applications. None of it is a secret. */
const common = [
  'PATH',
  'HOME',
  'TMPDIR',
  'TZ',
  'LANG',
  'LC_ALL',
  'NODE_COMPILE_CACHE',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'BULKHEAD_ALLOW_LOOPBACK',
  'BULKHEAD_SECRETS_DIR',
]

/** An operator lets applications borrow the identity of the machine, by a variable of the connector. */
const permission = /^BULKHEAD_[A-Z0-9]+_MACHINE_IDENTITY$/
/** Where that identity is found. Keys in clear are not among them: those are the server's own. */
const identity = [
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_ROLE_ARN',
  'AWS_ROLE_SESSION_NAME',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
  'AWS_EC2_METADATA_DISABLED',
]

/**
 * The environment of a runner: what every program needs, what the application's overlay lists, and its own secrets.
 * Nothing of the server's, and nothing of another application's (I6, I7).
 */
export function childEnvironment(one: ServedApplication, environment: Variables): Record<string, string> {
  const ownSecrets = secretVariable(one.application.name, '')
  const allowed = Object.keys(environment).filter((name) => permission.test(name))
  const names = [
    ...common,
    ...allowed,
    ...(allowed.some((name) => environment[name] === 'allow') ? identity : []),
    ...listedVariables(one),
    ...Object.keys(environment).filter((name) => name.startsWith(ownSecrets)),
  ]
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = environment[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

/** Names that `{ env: NAME }` may read, as the overlay lists them. It was checked when the application was read. */
function listedVariables({ application, bundle }: ServedApplication): readonly string[] {
  if (application.environment === undefined) return []
  const path = `environments/${application.environment}.yaml`
  const content = bundle.files[path]
  if (content === undefined) return []
  const { value } = readYaml(Buffer.from(content, 'base64').toString(), path)
  return environmentSchema.parse(value).spec.env
}
