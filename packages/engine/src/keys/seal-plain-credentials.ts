import { fault, formatPath, openRequestText, type Path } from '@bulkhead/contract'
import type { Catalog } from '../catalog/catalog.ts'
import { isMarked, settingsIn } from '../catalog/settings-schema.ts'
import type { PublicKey } from './key-pair.ts'
import { sealCredentials, type SealedFor } from './seal-credentials.ts'

type Fields = Readonly<Record<string, unknown>>

export interface SealPlainOptions extends SealedFor {
  readonly catalog: Catalog
  /** Asked for when there is something to seal. @throws BulkheadError when the application has none */
  readonly key: () => Promise<PublicKey>
}

/**
 * Seals what a request brings as credentials in clear, and the secrets among its settings, as the first process
 * that reads it does before anything is stored. Whether it may bring them its plan has decided by then. All else
 * says what it said, but for unknown fields of the source: their values go, since one may be a misspelt password.
 *
 * @returns the text of the request with a JWE in their place; the text itself when there is nothing to seal
 * @throws BulkheadError what reading a request, `catalog.resolve`, `key` and `sealCredentials` throw
 */
export async function sealPlainCredentials(text: string, options: SealPlainOptions): Promise<string> {
  const request = openRequestText(text)
  const { source } = request.data
  if (!isRecord(source) || typeof source['connector'] !== 'string') return text
  const { connector, config, credentials, query, ...unknown } = source
  const isSealed = isRecord(credentials) && Object.hasOwn(credentials, 'jwe')
  const { manifest } = options.catalog.resolve(source['connector'], 'source.connector')
  const { kept, secret } = split(config, secretPaths(manifest.config, config), [])
  // as planning has it: what is named as a credential counts more than a setting of the same name
  const fields = { ...secret, ...(isRecord(credentials) && !isSealed && credentials) }
  const emptied = Object.fromEntries(Object.keys(unknown).map((name) => [name, null]))
  if (isSealed || Object.keys(fields).length === 0)
    return Object.keys(emptied).length === 0
      ? text
      : request.withData({ ...request.data, source: { ...source, ...emptied } })
  const jwe = await sealCredentials(fields, await options.key(), options)
  return request.withData({
    ...request.data,
    source: {
      connector,
      ...(config !== undefined && { config: kept }),
      credentials: { jwe },
      query,
      ...emptied,
    },
  })
}

function secretPaths(schema: Fields, config: unknown): ReadonlySet<string> {
  const secrets = settingsIn(schema, config).filter(
    (setting) => typeof setting.value === 'string' && isMarked(setting, 'secret'),
  )
  const inList = secrets.find(({ path }) => path.some((part) => typeof part === 'number'))
  if (inList !== undefined)
    throw fault('credentials-invalid', 'A secret in a list cannot be sealed', {
      path: formatPath(['source', 'config', ...inList.path]),
      fix: 'Declare a connection in the application, with secrets by reference',
    })
  return new Set(secrets.map(({ path }) => keyOf(path)))
}

/** What is secret, in the objects that it stands in, and the rest. */
function split(
  value: unknown,
  secrets: ReadonlySet<string>,
  path: Path,
): { readonly kept: unknown; readonly secret: Fields } {
  if (secrets.size === 0 || !isRecord(value)) return { kept: value, secret: {} }
  const kept: [string, unknown][] = []
  const secret: [string, unknown][] = []
  for (const [name, item] of Object.entries(value)) {
    const at = [...path, name]
    if (secrets.has(keyOf(at))) {
      secret.push([name, item])
      continue
    }
    const inner = split(item, secrets, at)
    kept.push([name, inner.kept])
    if (Object.keys(inner.secret).length > 0) secret.push([name, inner.secret])
  }
  return {
    kept: Object.getPrototypeOf(value) === Object.prototype ? Object.fromEntries(kept) : value,
    secret: Object.fromEntries(secret),
  }
}

function keyOf(path: Path): string {
  return JSON.stringify(path)
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
