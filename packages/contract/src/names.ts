import { z } from '@bulkhead/connector-sdk'

/** Names that people give. */

/** DNS-1123, at most 40 characters; no `--`, so that names joined by a hyphen never meet. */
export const name = z
  .string()
  .max(40)
  .regex(/^(?!.*--)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'must be lower-case letters, digits and single hyphens')
/** Names of parameters and columns: they may stand in SQL and in file names. */
export const parameterName = z
  .string()
  .max(60)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be letters, digits and underscores')
