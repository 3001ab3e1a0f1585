import type { ErrorDetails } from '@bulkhead/connector-sdk'
import { errorOf, fault, faultDetails, formatPath, valueAt, type Policy } from '@bulkhead/contract'
import { isSecretReference } from '../application/application.ts'
import type { ConnectorEntry } from '../catalog/catalog.ts'
import { isMarked, type Setting, settingsIn } from '../catalog/settings-schema.ts'
import type { SecretsAllowed } from '../catalog/validate-config.ts'
import type { AdHocSource } from './chosen-source.ts'

type Fields = Readonly<Record<string, unknown>>

/** Where sealed credentials stand in a request; what is in them has no path that may be told. */
const sealedPath = 'source.credentials.jwe'

/** The settings of an ad hoc source together with the credentials that came with it. */
export interface SettingsWithCredentials {
  readonly config: Fields
  readonly secretsAllowed: SecretsAllowed
}

/**
 * Adds what a request brought as credentials to its settings: in clear as far as the policy lets it, or sealed.
 * Credentials are secrets of the connector and nothing else; they change no other setting (D13).
 *
 * @param opened  what was sealed; undefined where nobody can open it: the rest is planned without it
 * @throws BulkheadError `plain-credentials-refused`, `request-invalid`, `credentials-invalid`, `secret-reference-refused`
 */
export function withCredentials(
  connector: ConnectorEntry,
  policy: Policy,
  { config, credentials }: AdHocSource,
  opened: Fields | undefined,
): SettingsWithCredentials {
  const inConfig = secretSettings(connector, config).map((path) => `source.config.${path}`)
  if (credentials !== undefined && 'jwe' in credentials) {
    const [first] = inConfig
    if (first !== undefined)
      throw fault('request-invalid', 'The request brings credentials both sealed and in clear', {
        path: first,
        fix: 'Seal them all',
      })
    if (opened === undefined) return { config, secretsAllowed: 'sealed' }
    return { config: withSealed(connector, config, opened), secretsAllowed: 'in-clear' }
  }
  const given: Fields = credentials ?? {}
  const brought = settingsIn(connector.manifest.config, given).slice(1)
  const texts = brought.filter(({ value }) => !isObject(value))
  const named = texts.map(placeOf)
  const [first] = [...named, ...inConfig]
  if (first !== undefined && policy.adHoc.plainCredentials === 'refuse')
    throw fault('plain-credentials-refused', 'The application does not take credentials in clear', {
      path: first,
    })
  // what is no secret says more than where it stands
  const inOrder = [...texts, ...brought.filter((setting) => !texts.includes(setting))]
  const faults = inOrder.flatMap((setting) => faultOf(connector, config, setting))
  if (faults.length > 0) throw errorOf(faults)
  return { config: merged(config, given), secretsAllowed: 'in-clear' }
}

function placeOf({ path }: Setting): string {
  return formatPath(['source', 'credentials', ...path])
}

/** A credential in clear must be a secret of the connector, below objects that the request's settings have. */
function faultOf(connector: ConnectorEntry, config: Fields, setting: Setting): readonly ErrorDetails[] {
  const { path, value } = setting
  if (isSecretReference(value))
    return [
      faultDetails('secret-reference-refused', 'Credentials of a request name a secret', {
        path: placeOf(setting),
      }),
    ]
  if (!isSecretOnly(setting))
    return [
      faultDetails('request-invalid', `The connector ${connector.name} has no secret ${formatPath(path)}`, {
        path: placeOf(setting),
        fix: 'Put what is no secret into `source.config`',
      }),
    ]
  if (!isObject(value) || isObject(valueAt(config, path))) return []
  return [
    faultDetails('request-invalid', `Credentials need settings at \`${formatPath(path)}\``, {
      path: formatPath(['source', 'config', ...path]),
      fix: 'Write the settings that they belong to into `source.config`, at least {}',
    }),
  ]
}

/** Every text in it must be a secret of the connector, below objects that the request's settings have. */
function withSealed(connector: ConnectorEntry, config: Fields, opened: Fields): Fields {
  const settings = settingsIn(connector.manifest.config, opened).slice(1)
  if (isSecretReference(opened) || settings.some(({ value }) => isSecretReference(value)))
    throw fault('secret-reference-refused', 'Sealed credentials name a secret', { path: sealedPath })
  // what is in them is not told, not even names: somebody may have taken one for the other
  if (settings.length === 0 || !settings.every(isSecretOnly))
    throw fault(
      'credentials-invalid',
      `Sealed credentials hold something else than secrets of the connector ${connector.name}`,
      {
        path: sealedPath,
        fix: `Seal only what \`bulkhead connectors show ${connector.name}\` calls a secret, each a text`,
      },
    )
  for (const { path, value } of settings)
    if (isObject(value) && !isObject(valueAt(config, path)))
      throw fault('credentials-invalid', `Sealed credentials need settings at \`${formatPath(path)}\``, {
        path: formatPath(['source', 'config', ...path]),
        fix: 'Write the settings that they belong to into `source.config`, at least {}',
      })
  return merged(config, opened)
}

/** Whether a setting is a secret, or an object that holds something. */
function isSecretOnly(setting: Setting): boolean {
  const { value } = setting
  if (isObject(value)) return Object.keys(value).length > 0
  return typeof value === 'string' && isMarked(setting, 'secret')
}

function merged(config: Fields, opened: Fields): Fields {
  const added = Object.entries(opened).map(([key, value]) => [
    key,
    isObject(value) ? merged(config[key] as Fields, value) : value,
  ])
  return { ...config, ...Object.fromEntries(added) } as Fields
}

/** Paths of the settings that are marked as secret. */
function secretSettings(connector: ConnectorEntry, config: Fields): string[] {
  return settingsIn(connector.manifest.config, config)
    .filter((setting) => isMarked(setting, 'secret'))
    .map(({ path }) => formatPath(path))
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
