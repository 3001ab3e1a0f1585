import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fault, name, parseDuration, parseExactJson, requestId } from '@bulkhead/contract'
import type { PublicKey } from '@bulkhead/engine/keys/key-pair'
import type { SealOptions } from '../commands/secret.ts'
import type { Answer } from '../terminal/answer.ts'
import type { Terminal } from '../terminal/terminal.ts'

const mostBytes = 64 * 1024 // of credentials; a set of public keys may have as many
const patienceMs = 10_000

/**
 * Seals credentials for a request. Their values come by standard input or from a person, never by the command
 * line.
 * @throws BulkheadError `usage`, `key-missing`, `keys-unreadable`, `credentials-invalid`
 */
export async function seal(
  fields: readonly string[],
  options: SealOptions,
  terminal: Terminal,
): Promise<Answer> {
  const { application, requestId: request } = options
  if (!name.safeParse(application).success)
    throw fault('usage', 'This is not the name of an application', { path: '--application' })
  if (!requestId.safeParse(request).success)
    throw fault('usage', 'This cannot be the id of a request', { path: '--request-id' })
  const expiresMs = readExpiry(options.expires, Date.now())
  const { sealCredentials } = await import('@bulkhead/engine/keys/seal-credentials')
  // first, so that nobody types a secret in vain
  const key = await keyOf(options, terminal)
  const credentials = fields.length === 0 ? await readCredentials(terminal) : await ask(fields, terminal)
  const jwe = await sealCredentials(credentials, key, { application, requestId: request, expiresMs })
  const expires = new Date(expiresMs).toISOString()
  return { value: { jwe, kid: key.kid, application, requestId: request, expires }, text: () => jwe }
}

function readExpiry(text: string, nowMs: number): number {
  const expiresMs = /^P/i.test(text) ? nowMs + parseDuration(text) : Date.parse(text)
  if (Number.isFinite(expiresMs) && expiresMs > nowMs) return expiresMs
  throw fault('usage', 'The credentials would be expired at once, or never', {
    path: '--expires',
    fix: 'Give a duration such as PT1H, or a time to come such as 2030-01-31T12:00:00Z',
  })
}

async function keyOf({ jwks, application }: SealOptions, terminal: Terminal): Promise<PublicKey> {
  if (jwks === undefined) {
    const [{ sealingKey }, { stateFolder }] = await Promise.all([
      import('@bulkhead/engine/keys/public-keys'),
      import('@bulkhead/engine/links/state-folder'),
    ])
    return sealingKey(stateFolder(terminal.environment), application)
  }
  const { chooseKey } = await import('@bulkhead/engine/keys/choose-key')
  return chooseKey(await readKeys(jwks, terminal))
}

async function readKeys(jwks: string, terminal: Terminal): Promise<unknown> {
  let text: string
  try {
    text = /^https?:/i.test(jwks)
      ? await fetchText(new URL(jwks), terminal.signal)
      : await readFile(resolve(terminal.folder, jwks), 'utf8')
  } catch (cause) {
    const { name: reason, code = reason } = cause as NodeJS.ErrnoException
    throw fault('keys-unreadable', `The public keys cannot be read: ${code}`, {
      path: '--jwks',
      fix: 'Name a file or an address (https) with a JSON Web Key Set',
      cause,
    })
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw fault('keys-unreadable', 'The public keys are no JSON', { path: '--jwks', cause })
  }
}

/** Whoever can change the keys on their way can read what is sealed to them. */
async function fetchText(url: URL, signal: AbortSignal): Promise<string> {
  if (url.protocol !== 'https:' && !['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname))
    throw Object.assign(new Error('Not over TLS'), { code: 'not https' })
  const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]) })
  if (!answer.ok) throw Object.assign(new Error('No keys'), { code: `HTTP ${answer.status}` })
  return (await readAll(answer.body ?? [])).toString('utf8')
}

async function readCredentials({ input, askHidden }: Terminal): Promise<Readonly<Record<string, unknown>>> {
  if (askHidden !== undefined)
    throw fault('usage', 'Nothing says what to seal', {
      fix: 'Name the secrets to be asked for: `bulkhead secret seal password …`; or give a JSON object on standard input',
    })
  const bytes = await readAll(input)
  try {
    const value = parseExactJson(bytes.toString('utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Readonly<Record<string, unknown>>
  } catch {
    // told below, without what is said of the text, which may quote it
  } finally {
    bytes.fill(0)
  }
  throw fault('usage', 'Standard input is no JSON object', {
    fix: 'Give the secrets as JSON: {"password": "…"}',
  })
}

async function ask(
  fields: readonly string[],
  { askHidden }: Terminal,
): Promise<Readonly<Record<string, unknown>>> {
  if (askHidden === undefined)
    throw fault('usage', 'Nobody is there to be asked', {
      fix: 'Name no secrets, and give a JSON object on standard input: {"password": "…"}',
    })
  const credentials: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const field of fields) {
    const path = field.split('.')
    if (path.some((part) => !/^[A-Za-z_][\w-]*$/.test(part)))
      throw fault('usage', `There is no secret ${JSON.stringify(field.slice(0, 60))}`, { path: '<field>' })
    let at = credentials
    for (const part of path.slice(0, -1))
      at = (at[part] ??= Object.create(null) as Record<string, unknown>) as Record<string, unknown>
    at[path.at(-1) ?? field] = await askHidden(`${field}: `)
  }
  return credentials
}

/** @throws BulkheadError `usage` when it is more than anybody needs (I8) */
async function readAll(stream: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array>): Promise<Buffer> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of stream) {
    const buffer = typeof part === 'string' ? Buffer.from(part) : Buffer.from(part)
    bytes += buffer.length
    if (bytes > mostBytes) throw fault('usage', `What was given has more than ${mostBytes} bytes`)
    parts.push(buffer)
  }
  const all = Buffer.concat(parts)
  for (const part of parts) part.fill(0)
  return all
}
