import { createHash } from 'node:crypto'
import {
  type Behaviour,
  type BehaviourDigest,
  type KafkaCluster,
  type PlatformSpec,
  type SecretProviderSettings,
  valueAt,
} from '@bulkhead/contract'
import type { Catalog } from '../catalog/catalog.ts'
import { dependenciesOf } from '../catalog/dependencies.ts'
import { withoutSecrets } from '../catalog/validate-config.ts'
import { type Application, type EnvironmentValue, isSecretReference } from './application.ts'
import { canonicalJson } from './canonical-json.ts'
import { codeFiles } from './code-files.ts'
import { lockOf } from './lock.ts'
import { exactPath, manifestFields } from './manifest-fields.ts'

/** What an application meets where it runs. */
export interface Surroundings {
  readonly catalog: Catalog
  /** Absent: no platform is known, as for a stand-alone run. */
  readonly platform?: Pick<PlatformSpec, 'kafka' | 'secrets'>
  /** Of the server, or of this process. */
  readonly variables: Readonly<Record<string, string | undefined>>
  /** Identity of the build of the runner that executes its runs; absent: that of this installation. */
  readonly runner?: string
}

/**
 * All that decides what an application does, here and now. What is not in it moves no digest: other applications, their
 * weights and budgets, comments, and how a file is written. No secret is in it, and no digest of one (I6).
 *
 * @throws BulkheadError `connector-unknown` and its like; what reading its code throws
 */
export async function behaviourOf(application: Application, around: Surroundings): Promise<Behaviour> {
  const { name, files, variables } = application
  const shown = withoutSecretsOf(application, around.catalog)
  const values = variables.map(({ path }): Entry => [
    `variables/${exactPath(path)}`,
    hashOf(canonicalJson(valueAt(shown, path))),
  ])
  for (const variable of variables) putBack(shown, variable)
  const code = [...files.values(), ...(await codeFiles(application))]
  return {
    application: name,
    bundle: sorted([
      ...manifestFields(shown).map(({ path, text }): Entry => [exactPath(path), text]),
      ...code.map(({ path, sha256 }): Entry => [`files/${path}`, `sha256-${sha256}`]),
    ]),
    environment: sorted([
      ...values,
      ...connectorEntries(application, around),
      ...platformEntries(application, around),
    ]),
  }
}

/** Names an application's behaviour, to tell two of them apart (D5). */
export function digestOf({ application, bundle, environment }: Behaviour): BehaviourDigest {
  const parts = {
    bundle: sha256(canonicalJson({ application, bundle })),
    environment: sha256(canonicalJson(environment)),
  }
  return { digest: sha256(canonicalJson(parts)), ...parts }
}

type Entry = readonly [place: string, text: string]

function connectorEntries(application: Application, { catalog, variables }: Surroundings): Entry[] {
  return Object.entries(lockOf(application, catalog).connectors).flatMap(([reference, locked]): Entry[] => {
    const { name, folder } = catalog.resolve(reference)
    const place = `connectors/${reference}`
    // an operator's leave to use the identity of the machine is named after the connector
    const identity = variables[`BULKHEAD_${name.toUpperCase().replaceAll('-', '_')}_MACHINE_IDENTITY`]
    return [
      [place, canonicalJson(locked)],
      [`${place}/dependencies`, canonicalJson(dependenciesOf(folder))],
      ...(identity === undefined ? [] : [[`${place}/machine-identity`, identity] as const]),
    ]
  })
}

function platformEntries(application: Application, { platform, runner }: Surroundings): Entry[] {
  const { triggers, replies } = application.manifest.spec
  const named = [...Object.values(triggers), ...Object.values(replies)].flatMap((one) =>
    'kafka' in one ? [one.kafka.cluster] : [],
  )
  const clusters = [...new Set(named)].map((cluster): Entry => {
    const declared = platform?.kafka[cluster]
    return [`clusters/${cluster}`, declared === undefined ? 'unknown' : clusterText(declared)]
  })
  const providers = platform === undefined ? undefined : platform.secrets.providers.map(providerOf)
  return [
    ...clusters,
    ...(providers !== undefined && namesSecret(application.manifest)
      ? [['secrets', canonicalJson(providers)] as const]
      : []),
    ['platform/loopback', application.platform.allowLoopback ? 'allowed' : 'refused'],
    ...(runner === undefined ? [] : [['platform/runner', runner] as const]),
  ]
}

/** Where it is, and whether it is spoken to in secret. Who logs in, and how, is the platform's own. */
function clusterText({ bootstrap, tls }: KafkaCluster): string {
  return canonicalJson({ bootstrap: bootstrap.toSorted(), tls: tls !== false })
}

/** Without the token, which is a secret of the platform, and what only tells how tokens are made. */
function providerOf(provider: SecretProviderSettings): unknown {
  if (!('vault' in provider)) return provider
  const { address, mount, prefix, field, namespace } = provider.vault
  return { vault: { address, mount, prefix, field, ...(namespace !== undefined && { namespace }) } }
}

function namesSecret(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return isSecretReference(value) || Object.values(value).some(namesSecret)
}

/** The name of a variable where its value stands: a bundle says the same wherever it runs. */
function putBack(manifest: Application['manifest'], { path, name }: EnvironmentValue): void {
  const parent = valueAt(manifest, path.slice(0, -1)) as Record<PropertyKey, unknown> | undefined
  const key = path.at(-1)
  if (parent !== undefined && key !== undefined) parent[key] = { env: name }
}

/** What stands in the clear where a secret belongs is refused elsewhere, and told to nobody here (I6). */
function withoutSecretsOf({ manifest }: Application, catalog: Catalog): Application['manifest'] {
  const copy = structuredClone(manifest)
  for (const section of ['connections', 'stores'] as const)
    for (const [name, declared] of Object.entries(copy.spec[section])) {
      const entry = catalog.resolve(declared.connector, `spec.${section}.${name}.connector`)
      declared.config = { ...withoutSecrets(entry, declared.config) } as typeof declared.config
    }
  return copy
}

function sorted(entries: readonly Entry[]): Readonly<Record<string, string>> {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Of values that may be long, and of which a saved plan need not tell. */
function hashOf(text: string): string {
  return `sha256-${sha256(text)}`
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
