import { attachment, type Link, type LinkRequest, type StoredObject } from '@bulkhead/connector-sdk'
import type { S3Connection } from './connection.ts'
import { s3Fault } from './errors.ts'
import { keyBelow } from './object-name.ts'
import { translateError } from './translate-error.ts'

/** What signature version 4 allows. @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html */
const LONGEST_SECONDS = 7 * 24 * 3600

/**
 * Signs a link: whoever has it downloads the object, under the name that was asked for, until the
 * link ends. Nothing is sent; the end is true, and a link that ends before the time asked for says so.
 *
 * @param nowMs  epoch milliseconds
 */
export async function signLink(
  connection: S3Connection,
  object: StoredObject,
  request: LinkRequest,
  nowMs: number,
): Promise<Link> {
  const { sdk, settings } = connection
  const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner')
  const client =
    settings.linkEndpoint === undefined ? connection.client : connection.clientFor(settings.linkEndpoint)
  try {
    const keys = await client.config.credentials().catch((error: unknown) => {
      throw translateError(error, { doing: 'sign a link to', right: 's3:GetObject' }, settings)
    })
    // by the store's clock when it is known to differ; a signature counts whole seconds
    const signedAtMs = Math.floor((nowMs + connection.client.config.systemClockOffset) / 1000) * 1000
    const end = endOf(request.expiresInSeconds, signedAtMs, keys)
    const command = new sdk.GetObjectCommand({
      Bucket: settings.bucket,
      Key: keyBelow(settings.prefix, object.key),
      ResponseContentDisposition: attachment(request.fileName),
      ResponseContentType: request.contentType,
    })
    const url = await getSignedUrl(client, command, {
      expiresIn: end.seconds,
      signingDate: new Date(signedAtMs),
    })
    return {
      url,
      expiresAtMs: signedAtMs + end.seconds * 1000,
      ...(end.warning === undefined ? {} : { warning: end.warning }),
    }
  } finally {
    if (client !== connection.client) client.destroy()
  }
}

interface End {
  readonly seconds: number
  readonly warning?: string
}

/** The smallest of what was asked, seven days, and the life of the keys: a link dies with its key. */
function endOf(
  asked: number,
  signedAtMs: number,
  keys: { readonly sessionToken?: string; readonly expiration?: Date },
): End {
  const keyEndMs = keys.expiration?.getTime()
  const keySeconds =
    keyEndMs === undefined ? Number.POSITIVE_INFINITY : Math.floor((keyEndMs - signedAtMs) / 1000)
  const seconds = Math.min(Math.floor(asked), LONGEST_SECONDS, keySeconds)
  if (seconds < 1) {
    throw s3Fault('s3-link-impossible', 'A link cannot be signed, because the keys end now', {
      path: 'config.sessionExpiresAt',
    })
  }
  if (keySeconds < asked && keySeconds <= LONGEST_SECONDS) {
    return {
      seconds,
      warning: 'The link ends before the time asked for, with the temporary keys that signed it',
    }
  }
  if (asked > LONGEST_SECONDS) {
    return { seconds, warning: 'The link ends after 7 days, the longest that S3 allows' }
  }
  if (keys.sessionToken !== undefined && keyEndMs === undefined) {
    return {
      seconds,
      warning:
        'The link may end before the time stated: it was signed with temporary keys whose end is unknown (sessionExpiresAt is not set)',
    }
  }
  return { seconds }
}
