import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { BulkheadError } from '../errors.ts'
import { readS3Object, type S3ObjectToRead } from './read-s3-object.ts'

const content = Buffer.from('0123456789')
const never = new AbortController().signal

function fault(error: unknown): BulkheadError {
  return new BulkheadError({ kind: 'transient', code: 'away', message: (error as Error).message })
}

/** Serves so many bytes of an answer before its connection breaks; undefined: to the end. */
function served(breaks: readonly (number | undefined)[], more: Partial<S3ObjectToRead> = {}) {
  const asked: { readonly offset: number; readonly etag: string | undefined }[] = []
  const resumed: number[] = []
  const object: S3ObjectToRead = {
    async get({ offset, etag }) {
      const end = breaks[asked.push({ offset, etag }) - 1]
      const body = function* (): Generator<Buffer> {
        if (end !== 0) yield content.subarray(offset, end === undefined ? undefined : offset + end)
        if (end !== undefined) throw new Error('broken')
      }
      return { ContentLength: content.length - offset, ETag: 'v1', Body: Readable.from(body()) }
    },
    silenceMs: 1000,
    attempts: 2,
    pauseMs: 1,
    translate: fault,
    onResume: ({ offset }) => void resumed.push(offset),
    ...more,
  }
  return { object, asked, resumed }
}

async function read(object: S3ObjectToRead, signal = never): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of readS3Object(object, signal)) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

test('goes on where the connection broke, and asks for the same object', async () => {
  const { object, asked, resumed } = served([4, 3, undefined])
  assert.equal(await read(object), '0123456789')
  assert.deepEqual(asked, [
    { offset: 0, etag: undefined },
    { offset: 4, etag: 'v1' },
    { offset: 7, etag: 'v1' },
  ])
  assert.deepEqual(resumed, [4, 7])
})

test('gives up after so many breaks in a row, or at one that leaves nothing to go on with', async () => {
  await assert.rejects(read(served([4, 0, 0]).object), { code: 'away' })
  const { object, resumed } = served([4, undefined], { canResume: () => false })
  await assert.rejects(read(object), { code: 'away' })
  assert.deepEqual(resumed, [])
})

test('takes an answer that ends early for a break', async () => {
  let times = 0
  const { object } = served([], {
    async get({ offset }) {
      const end = times++ === 0 ? 5 : content.length
      const ContentLength = content.length - offset
      return { ContentLength, Body: Readable.from([content.subarray(offset, end)]) }
    },
  })
  assert.equal(await read(object), '0123456789')
})

test('ends by the reason of the signal, and by an error when the store falls silent', async () => {
  const silent = { get: async () => ({ ContentLength: 10, Body: new Readable({ read() {} }) }) }
  const reason = new Error('the test stops it')
  const stop = AbortSignal.abort(reason)
  await assert.rejects(read(served([], silent).object, stop), reason)
  const { object } = served([], { ...silent, silenceMs: 10, attempts: 1 })
  await assert.rejects(read(object), { message: 'The store fell silent' })
})
