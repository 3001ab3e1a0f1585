import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z, type ConnectorDefinition, type ConnectorManifest } from '@bulkhead/connector-sdk'

/** A connector of this checkout, and what its connector.json has to say. */
export interface DescribedConnector {
  /** Relative to the checkout: `connectors/postgres`. */
  readonly folder: string
  readonly manifest: ConnectorManifest
}

/** Loads every connector of the checkout and describes it. */
export async function describeConnectors(root: string): Promise<DescribedConnector[]> {
  const names = readdirSync(join(root, 'connectors')).filter((name) =>
    existsSync(join(root, 'connectors', name, 'src/index.ts')),
  )
  return Promise.all(
    names.toSorted().map(async (name) => {
      const folder = `connectors/${name}`
      const module = (await import(join(root, folder, 'src/index.ts'))) as {
        readonly default: ConnectorDefinition<unknown>
      }
      const { version } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
        readonly version: string
      }
      return { folder, manifest: describe(module.default, version) }
    }),
  )
}

function describe(definition: ConnectorDefinition<unknown>, version: string): ConnectorManifest {
  const { name, sdk, summary, config, query, source, store, types, errors } = definition
  return {
    name,
    version,
    sdk,
    summary,
    config: jsonSchema(config),
    query: jsonSchema(query),
    ...(source !== undefined && { source: source.capabilities }),
    ...(store !== undefined && { store: store.capabilities }),
    ...(types !== undefined && { types }),
    errors,
  }
}

/** JSON Schema 2020-12 of what a person writes; marks such as `secret` stay. */
function jsonSchema(schema: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(schema, { io: 'input' }) as Record<string, unknown>
}
