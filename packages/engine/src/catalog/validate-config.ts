import { durationProblem, type ErrorDetails, z } from '@bulkhead/connector-sdk'
import { fault, faultDetails, faultsOf, formatPath, joinPath, valueAt } from '@bulkhead/contract'
import { isSecretReference } from '../application/application.ts'
import type { ConnectorEntry } from './catalog.ts'
import { isMarked, mapSchema, settingsIn, type JsonSchema, type Setting } from './settings-schema.ts'

/**
 * What may stand in a field that the connector marks as secret: in a manifest a reference, in a request
 * (where the policy lets it) clear text; nothing yet, when it is sealed.
 */
export type SecretsAllowed = 'by-reference' | 'in-clear' | 'sealed'

export interface ValidatedConfig {
  /** With defaults filled in and text of environment variables converted; references to secrets stay. */
  readonly config: Readonly<Record<string, unknown>>
  readonly faults: readonly ErrorDetails[]
}

/**
 * Holds settings against the schema in `connector.json`; the connector itself is not loaded.
 *
 * The schema becomes a zod schema: measured on a one-shot run, ajv costs 90 ms to import and compile
 * one, zod (which is loaded anyway) 3 ms. A test holds its verdicts against ajv's.
 *
 * @param path  where the settings stand: `spec.connections.ledger.config`, `source.config`
 * @returns     faults `connection-config-invalid`, `secret-in-clear`, `secret-misplaced`
 * @throws      BulkheadError `connector-broken` when the schema itself cannot be used
 */
export function validateConfig(
  entry: ConnectorEntry,
  config: Readonly<Record<string, unknown>>,
  path: string,
  { secretsAllowed }: { readonly secretsAllowed: SecretsAllowed },
): ValidatedConfig {
  const faults = secretFaults(entry.manifest.config, config, path, secretsAllowed)
  const schema = schemaOf(entry, secretsAllowed)
  const value = convertText(entry.manifest.config, config)
  const parsed = schema.safeParse(value)
  const durations = durationFaults(entry.manifest.config, value, path)
  if (parsed.success && durations.length === 0) {
    // A default that is an object has defaults of its own, which the next reading fills in.
    const settled = schema.safeParse(parsed.data)
    return { config: (settled.data ?? parsed.data) as Readonly<Record<string, unknown>>, faults }
  }
  const told = [...faults, ...durations]
  const toldPaths = new Set(told.map((found) => found.path))
  const invalid = faultsOf(parsed.error?.issues ?? [], {
    code: 'connection-config-invalid',
    schema,
    value,
    base: path,
    fix: `Correct it; see \`bulkhead connectors show ${entry.name}\``,
  })
  return { config, faults: [...told, ...invalid.filter((found) => !toldPaths.has(found.path))] }
}

/** Names of other connections that settings refer to, in fields marked `"connection": true`. */
export function connectionsNamedIn(
  entry: ConnectorEntry,
  config: Readonly<Record<string, unknown>>,
): { readonly name: string; readonly path: string }[] {
  return settingsIn(entry.manifest.config, config).flatMap((setting) =>
    isMarked(setting, 'connection') && typeof setting.value === 'string'
      ? [{ name: setting.value, path: formatPath(setting.path) }]
      : [],
  )
}

/** Settings for people's eyes: a reference to a secret stays, a secret itself does not. */
export function withoutSecrets(
  entry: ConnectorEntry,
  config: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const copy = structuredClone(config) as Record<string, unknown>
  for (const setting of settingsIn(entry.manifest.config, config)) {
    const key = setting.path.at(-1)
    if (key === undefined || !isMarked(setting, 'secret') || isSecretReference(setting.value)) continue
    const parent = valueAt(copy, setting.path.slice(0, -1))
    if (typeof parent === 'object' && parent !== null)
      (parent as Record<PropertyKey, unknown>)[key] = '(hidden)'
  }
  return copy
}

function secretFaults(
  schema: JsonSchema,
  config: unknown,
  path: string,
  secretsAllowed: SecretsAllowed,
): ErrorDetails[] {
  return settingsIn(schema, config).flatMap((setting) => {
    const where = joinPath(path, formatPath(setting.path))
    const isReference = isSecretReference(setting.value)
    if (!isMarked(setting, 'secret'))
      return isReference
        ? [faultDetails('secret-misplaced', `\`${where}\` is no field for a secret`, { path: where })]
        : []
    if (isReference || secretsAllowed !== 'by-reference' || typeof setting.value !== 'string') return []
    return [
      faultDetails('secret-in-clear', `\`${where}\` must be a reference to a secret`, {
        path: where,
        fix: 'Store it as a secret, and write { secret: NAME }',
      }),
    ]
  })
}

/** Bounds of durations, which JSON Schema has no words for: they are marked `shortest` and `longest`. */
function durationFaults(schema: JsonSchema, config: unknown, path: string): ErrorDetails[] {
  return settingsIn(schema, config).flatMap((setting) => {
    if (typeof setting.value !== 'string') return []
    for (const { shortest, longest } of setting.schemas) {
      if (typeof shortest !== 'string' || typeof longest !== 'string') continue
      const problem = durationProblem(setting.value, { shortest, longest })
      if (problem === undefined) continue
      const where = joinPath(path, formatPath(setting.path))
      return [
        faultDetails('connection-config-invalid', `\`${where}\` ${problem}`, {
          path: where,
          fix: `Write a duration from ${shortest} to ${longest}`,
        }),
      ]
    }
    return []
  })
}

const cache = new WeakMap<ConnectorEntry, Map<SecretsAllowed, z.ZodType>>()

function schemaOf(entry: ConnectorEntry, secretsAllowed: SecretsAllowed): z.ZodType {
  const known = cache.get(entry) ?? new Map<SecretsAllowed, z.ZodType>()
  cache.set(entry, known)
  const made = known.get(secretsAllowed) ?? makeSchema(entry, secretsAllowed)
  known.set(secretsAllowed, made)
  return made
}

const referenceSchema: JsonSchema = {
  type: 'object',
  properties: { secret: { type: 'string', pattern: '^(?!.*--)[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$' } },
  required: ['secret'],
  additionalProperties: false,
}

function makeSchema(entry: ConnectorEntry, secretsAllowed: SecretsAllowed): z.ZodType {
  const schema = mapSchema(entry.manifest.config, (inner) => {
    // Text that stands where a reference belongs is refused before, by a better name.
    if (inner['secret'] === true && secretsAllowed === 'by-reference')
      return { anyOf: [referenceSchema, { type: 'string' }] }
    const { description: _, title: __, examples: ___, ...described } = inner
    const rules = secretsAllowed === 'sealed' ? withoutNeededSecrets(described) : described
    // A setting that the connector does not know is a typing error, whatever its author forgot to say.
    return 'properties' in rules &&
      rules['additionalProperties'] === undefined &&
      rules['allOf'] === undefined
      ? { ...rules, additionalProperties: false }
      : rules
  })
  try {
    return z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0], { registry: z.registry() })
  } catch (cause) {
    throw fault(
      'connector-broken',
      `The settings of the connector ${entry.name} are described in a way that cannot be used`,
      {
        fix: 'Tell its author',
        cause,
      },
    )
  }
}

/** A secret that is sealed is there, though nobody sees it. */
function withoutNeededSecrets(schema: JsonSchema): JsonSchema {
  const { required, properties } = schema
  if (!Array.isArray(required) || typeof properties !== 'object' || properties === null) return schema
  const isSecret = (name: unknown): boolean =>
    (properties as Readonly<Record<string, JsonSchema>>)[String(name)]?.['secret'] === true
  return { ...schema, required: required.filter((name) => !isSecret(name)) }
}

/** What an environment variable gives is text: it becomes the number or boolean that the schema wants. */
function convertText(schema: JsonSchema, config: Readonly<Record<string, unknown>>): unknown {
  const copy: unknown = structuredClone(config)
  for (const setting of settingsIn(schema, config)) {
    const key = setting.path.at(-1)
    const converted = typeof setting.value === 'string' ? convert(setting, setting.value) : undefined
    if (key === undefined || converted === undefined) continue
    ;(valueAt(copy, setting.path.slice(0, -1)) as Record<PropertyKey, unknown>)[key] = converted
  }
  return copy
}

function convert({ schemas }: Setting, text: string): number | boolean | undefined {
  const types = new Set(schemas.flatMap(({ type }) => (Array.isArray(type) ? (type as unknown[]) : [type])))
  if (types.has('string') || schemas.some((schema) => 'enum' in schema || 'const' in schema)) return undefined
  if (types.has('boolean') && (text === 'true' || text === 'false')) return text === 'true'
  if ((types.has('number') || types.has('integer')) && /^-?\d{1,15}(\.\d{1,15})?$/.test(text))
    return Number(text)
  return undefined
}
