import type { Job, ParameterDeclaration } from './job.ts'
import type { JsonSchema } from './message-schemas.ts'

/** Decimals, dates and timestamps travel as text, because JSON has none of them. */
const types = {
  string: { type: 'string' },
  integer: { type: 'integer' },
  number: { type: 'number' },
  decimal: { type: 'string', pattern: String.raw`^[-+]?\d+(\.\d+)?$` },
  boolean: { type: 'boolean' },
  date: { type: 'string', format: 'date' },
  timestamp: { type: 'string', format: 'date-time' },
} as const

/** JSON Schema of the parameters that a request gives to a job, for documents and forms. */
export function parametersJsonSchema(parameters: Job['parameters']): JsonSchema {
  const entries = Object.entries(parameters)
  const required = entries.filter(([, { default: value }]) => value === undefined).map(([name]) => name)
  return {
    type: 'object',
    properties: Object.fromEntries(
      entries.map(([name, declaration]) => [name, parameterJsonSchema(declaration)]),
    ),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  }
}

function parameterJsonSchema(declaration: ParameterDeclaration): JsonSchema {
  const { description, list, nullable, maxLength } = declaration
  const one = valueSchema(declaration)
  const value = list
    ? { type: 'array', items: one, ...(maxLength !== undefined && { maxItems: maxLength }) }
    : one
  return {
    ...(description !== undefined && { description }),
    ...(nullable ? { anyOf: [value, { type: 'null' }] } : value),
    ...(declaration.default !== undefined && { default: declaration.default }),
  }
}

function valueSchema(declaration: ParameterDeclaration): JsonSchema {
  const { type, pattern, enum: values, minimum, maximum, maxLength, list } = declaration
  return {
    ...types[type],
    ...(pattern !== undefined && { pattern: `^(?:${pattern})$` }), // the whole text
    ...(values !== undefined && { enum: values }),
    // of texts JSON Schema has no order
    ...(typeof minimum === 'number' && { minimum }),
    ...(typeof maximum === 'number' && { maximum }),
    ...(type === 'string' && !list && maxLength !== undefined && { maxLength }),
  }
}
