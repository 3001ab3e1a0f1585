import { durationMs, sizeInBytes } from '@bulkhead/connector-sdk'
import type { S3Config } from './config.ts'
import { s3Fault } from './errors.ts'

/** The settings as numbers, checked against each other. */
export interface Settings extends Omit<S3Config, 'partSize' | 'requestTimeout'> {
  readonly partBytes: number
  readonly requestTimeoutMs: number
  /** For messages: the endpoint's host, or AWS with the region. */
  readonly address: string
}

const MIB = 2 ** 20
/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const PART_LIMITS = { smallest: 5 * MIB, largest: 5 * 2 ** 30, count: 10_000 } as const
const MOST_TAGS = 10

/**
 * Reads and checks the settings; what the schema cannot say is said here.
 * @throws BulkheadError kind `config`, `path` beginning with `config`
 */
export function readSettings(config: S3Config): Settings {
  const { partSize, requestTimeout, ...rest } = config
  const partBytes = sizeInBytes(partSize)
  if (partBytes < PART_LIMITS.smallest || partBytes > PART_LIMITS.largest) {
    throw invalid(
      'partSize',
      `partSize is ${partSize}, and S3 takes parts of 5MiB to 5GiB`,
      'Choose a size between them',
    )
  }
  if (rest.encryption.mode !== 'aws:kms') {
    for (const name of ['kmsKeyId', 'bucketKey'] as const) {
      if (rest.encryption[name] === undefined) continue
      throw invalid(
        `encryption.${name}`,
        `encryption.${name} needs encryption.mode aws:kms`,
        `Set encryption.mode to aws:kms, or leave ${name} out`,
      )
    }
  }
  if (Object.keys(rest.tags).length > MOST_TAGS) {
    throw invalid('tags', `An object has at most ${MOST_TAGS} tags`, 'Leave some out')
  }
  for (const name of ['endpoint', 'linkEndpoint'] as const) checkAddress(name, rest[name])
  // a key that ends in `/.` or holds `..` is another key for some stores
  if (/(^|\/)\.{1,2}(\/|$)|^\/|\/\/|\p{Cc}/u.test(rest.prefix)) {
    throw invalid(
      'prefix',
      'The prefix has empty, `.` or `..` parts',
      'Write it as folder/ or folder/folder/',
    )
  }
  return {
    ...rest,
    partBytes,
    requestTimeoutMs: durationMs(requestTimeout),
    address: rest.endpoint === undefined ? `AWS ${rest.region}` : new URL(rest.endpoint).host,
  }
}

function checkAddress(name: string, address: string | undefined): void {
  if (address === undefined) return
  const url = URL.parse(address)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw invalid(name, `${name} is not an address with http or https`, 'Write it as https://host:port')
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw invalid(
      name,
      `${name} holds more than scheme, host, port and path`,
      'Keys belong into accessKeyId and secretAccessKey',
    )
  }
}

function invalid(name: string, message: string, fix: string): Error {
  return s3Fault('s3-settings-invalid', message, { path: `config.${name}`, fix })
}
