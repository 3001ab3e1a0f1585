import { s3Fault } from './errors.ts'

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const LONGEST_KEY_BYTES = 1024

/**
 * The key in the bucket of a name below the prefix.
 *
 * Keys are plain text to S3, but clients, gateways and stores on a file system resolve `..`, drop
 * empty parts or end at NUL: such a name could leave the prefix, so it is refused (I7).
 *
 * @param path  where the name came from, for the error
 */
export function keyBelow(prefix: string, name: string, path?: string): string {
  const key = prefix + name
  const reason =
    faultOf(name) ?? (Buffer.byteLength(key) > LONGEST_KEY_BYTES ? 'is longer than 1024 bytes' : undefined)
  if (reason === undefined) return key
  throw s3Fault(
    's3-key-invalid',
    `The key ${JSON.stringify(name.slice(0, 100))} ${reason}`,
    path === undefined ? {} : { path },
  )
}

/** What is wrong with the beginning of a name, which may end anywhere; undefined when nothing is. */
export function faultOfBeginning(name: string): string | undefined {
  const parts = name.split('/')
  const complete = parts.slice(0, -1)
  if (complete.some((part) => part === '' || part === '.' || part === '..'))
    return 'has an empty, "." or ".." part'
  return faultOfLetters(name)
}

function faultOf(name: string): string | undefined {
  if (name === '') return 'is empty'
  const parts = name.split('/')
  if (parts.some((part) => part === '' || part === '.' || part === '..'))
    return 'has an empty, "." or ".." part'
  return faultOfLetters(name)
}

function faultOfLetters(name: string): string | undefined {
  if (/\p{Cc}/u.test(name)) return 'holds control characters'
  return name.isWellFormed() ? undefined : 'is not valid Unicode'
}
