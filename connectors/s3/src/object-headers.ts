import { createHash } from 'node:crypto'
import type { ChecksumAlgorithm, ServerSideEncryption, StorageClass } from '@aws-sdk/client-s3'
import type { Settings } from './settings.ts'

/** Name of the metadata by which an upload knows its own object again. */
const TOKEN = 'bulkhead-upload'

/** What every new object carries, for PutObject and CreateMultipartUpload alike. */
export interface ObjectHeaders {
  readonly ContentType: string
  readonly Metadata: Record<string, string>
  readonly Tagging?: string
  readonly StorageClass?: StorageClass
  readonly ServerSideEncryption?: ServerSideEncryption
  readonly SSEKMSKeyId?: string
  readonly BucketKeyEnabled?: boolean
}

/** @param token  a random text of this upload: after an answer was lost, it says whose object is there */
export function objectHeaders(settings: Settings, contentType: string, token: string): ObjectHeaders {
  const { encryption, storageClass, tags } = settings
  return {
    ContentType: contentType,
    Metadata: { [TOKEN]: token },
    ...(Object.keys(tags).length === 0 ? {} : { Tagging: asQuery(tags) }),
    ...(storageClass === undefined ? {} : { StorageClass: storageClass as StorageClass }),
    ...(encryption.mode === 'none' ? {} : { ServerSideEncryption: encryption.mode }),
    ...(encryption.kmsKeyId === undefined ? {} : { SSEKMSKeyId: encryption.kmsKeyId }),
    ...(encryption.bucketKey === undefined ? {} : { BucketKeyEnabled: encryption.bucketKey }),
  }
}

/** As in a URL's query, with %20 for a space, which no reader takes for a plus. */
function asQuery(tags: Readonly<Record<string, string>>): string {
  return Object.entries(tags)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&')
}

/** Whether the metadata of an object is that of the upload with this token. */
export function carriesToken(metadata: Readonly<Record<string, string>> | undefined, token: string): boolean {
  return metadata?.[TOKEN] === token
}

/** The account that must own the bucket, for every call. */
export function ownerHeader(settings: Settings): { readonly ExpectedBucketOwner?: string } {
  return settings.expectedBucketOwner === undefined
    ? {}
    : { ExpectedBucketOwner: settings.expectedBucketOwner }
}

/** How the parts of a multipart upload are checked, told at its beginning; MD5 needs no telling. */
export function uploadChecksum(settings: Settings): { readonly ChecksumAlgorithm?: ChecksumAlgorithm } {
  return settings.checksum === 'MD5' ? {} : { ChecksumAlgorithm: settings.checksum }
}

/** The checksum of a body: computed by the SDK as a header, or here as Content-MD5. */
export function bodyChecksum(
  settings: Settings,
  body: Uint8Array,
): { readonly ChecksumAlgorithm?: ChecksumAlgorithm; readonly ContentMD5?: string } {
  return settings.checksum === 'MD5'
    ? { ContentMD5: createHash('md5').update(body).digest('base64') }
    : { ChecksumAlgorithm: settings.checksum }
}
