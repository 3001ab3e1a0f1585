import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { z } from 'zod'

/** A made-up secret that no text holds by chance, with what is escaped in JSON, addresses and shells. */
export function secretCanary(): string {
  return `Canary+/=%41"$ ${randomBytes(9).toString('hex')}`
}

/**
 * Where a text holds a secret, in clear or in an encoding that a client may use.
 *
 * @param shown  text, or an error or object with all that it carries along: causes, requests, settings
 * @returns the encoding; undefined when it is not there
 */
export function encodingShown(shown: unknown, secret: string): string | undefined {
  const text = typeof shown === 'string' ? shown : inspect(shown, { depth: 12, maxStringLength: null })
  return Object.entries(encodings(secret)).find(([, encoded]) => text.includes(encoded))?.[0]
}

function encodings(secret: string): Readonly<Record<string, string>> {
  const json = JSON.stringify(secret).slice(1, -1)
  return {
    'in clear': secret,
    'as JSON': json,
    'as JSON in JSON': JSON.stringify(json).slice(1, -1),
    'in quotes': inspect(secret).slice(1, -1),
    'percent-encoded': encodeURIComponent(secret),
    'as a form': new URLSearchParams({ s: secret }).toString().slice(2),
    'in hexadecimal digits': Buffer.from(secret).toString('hex'),
    ...Object.fromEntries([0, 1, 2].map((at) => [`in base64 at ${at}`, base64At(secret, at)])),
  }
}

/** The digits that every base64 text has in which the secret begins so many bytes after a group of three. */
function base64At(secret: string, at: number): string {
  const bytes = Buffer.concat([Buffer.alloc(at), Buffer.from(secret)])
  const whole = bytes.subarray(0, bytes.length - (bytes.length % 3))
  return whole.toString('base64').slice(at === 0 ? 0 : 4)
}

/** Texts that settings hold where the schema marks a secret. Shorter ones occur by chance and are left out. */
export function secretsIn(schema: z.ZodType, config: unknown): readonly string[] {
  const found: string[] = []
  collect(z.toJSONSchema(schema, { io: 'input' }), config, found)
  return found.filter((secret) => secret.length >= 6)
}

function collect(schema: unknown, value: unknown, found: string[]): void {
  if (typeof schema !== 'object' || schema === null) return
  const node = schema as Readonly<Record<string, unknown>>
  if (node['secret'] === true && typeof value === 'string') found.push(value)
  for (const key of ['anyOf', 'oneOf', 'allOf']) {
    for (const part of (node[key] ?? []) as unknown[]) collect(part, value, found)
  }
  if (typeof value !== 'object' || value === null) return
  const properties = (node['properties'] ?? {}) as Readonly<Record<string, unknown>>
  for (const [name, part] of Object.entries(value)) {
    collect(properties[name] ?? node['additionalProperties'] ?? node['items'], part, found)
  }
}
