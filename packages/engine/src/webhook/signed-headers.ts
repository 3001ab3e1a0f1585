import type { BulkheadError } from '@bulkhead/connector-sdk'

/**
 * Headers of Standard Webhooks, made anew for every try: receivers refuse an old time.
 *
 * @param secret    of the signature; undefined: nothing is signed
 * @param unusable  the error of a secret that cannot be used
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export async function signedHeaders(
  id: string,
  body: string,
  secret: string | undefined,
  unusable: () => BulkheadError,
): Promise<Readonly<Record<string, string>>> {
  const now = new Date()
  const plain = { 'webhook-id': id, 'webhook-timestamp': String(Math.floor(now.getTime() / 1000)) }
  if (secret === undefined) return plain
  const { Webhook } = await import('standardwebhooks')
  try {
    const webhook = secret.startsWith('whsec_') ? new Webhook(secret) : new Webhook(secret, { format: 'raw' })
    return { ...plain, 'webhook-signature': webhook.sign(id, now, body) }
  } catch {
    // its own error may quote what it read
    throw unusable()
  }
}
