import { z } from 'zod'
import type { ConnectorDefinition, ConnectorManifest } from '../connector.ts'

/** `connector.json` of a connector: what the platform knows of it without loading its code. */
export function connectorJson<Config>(
  definition: ConnectorDefinition<Config>,
  version: string,
): ConnectorManifest {
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
