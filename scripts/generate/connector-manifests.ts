import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConnectorDefinition, ConnectorManifest } from '@bulkhead/connector-sdk'
import { connectorJson } from '@bulkhead/connector-sdk/testing'

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
      return { folder, manifest: connectorJson(module.default, version) }
    }),
  )
}
