/** A bucket of its own for a test, on a real S3 server that verifies signatures. */
import { randomBytes } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterwards, type Scope } from './cleanup.ts'
import { serverVariable } from './environment.ts'

/** What `BULKHEAD_TEST_S3` holds, as JSON. The server is addressed by path. */
export interface S3Server {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface TestBucket extends S3Server {
  readonly bucket: string
}

/** What a bucket holds, to prove that nothing half-written is left. */
export interface BucketContents {
  readonly objects: readonly { readonly key: string; readonly bytes: number }[]
  /** Uploads that were begun and neither completed nor aborted. */
  readonly uploads: readonly { readonly key: string; readonly uploadId: string }[]
}

/** Makes an empty bucket, and removes it with all that is in it when the scope is over. */
export async function createBucket(scope: Scope): Promise<TestBucket> {
  const server = JSON.parse(serverVariable('s3')) as S3Server
  const bucket = { ...server, bucket: `bulkhead-test-${randomBytes(6).toString('hex')}` }
  const client = s3Client(bucket)
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket.bucket }))
  } finally {
    client.destroy()
  }
  afterwards(scope, () => remove(bucket))
  return bucket
}

/** A client of the AWS SDK for this server; the caller destroys it. */
export function s3Client(server: S3Server): S3Client {
  return new S3Client({
    endpoint: server.endpoint,
    region: server.region,
    forcePathStyle: true,
    credentials: { accessKeyId: server.accessKeyId, secretAccessKey: server.secretAccessKey },
  })
}

/** Everything in the bucket, unfinished uploads too. */
export async function contentsOf(bucket: TestBucket): Promise<BucketContents> {
  const client = s3Client(bucket)
  try {
    return await list(client, bucket.bucket)
  } finally {
    client.destroy()
  }
}

async function list(client: S3Client, bucket: string): Promise<BucketContents> {
  const objects: { key: string; bytes: number }[] = []
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket }))
    objects.push(...(page.Contents ?? []).map(({ Key = '', Size = 0 }) => ({ key: Key, bytes: Size })))
  const uploads = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
  if (uploads.IsTruncated === true) throw new Error('A test bucket holds more than one page of uploads')
  return {
    objects,
    uploads: (uploads.Uploads ?? []).map(({ Key = '', UploadId = '' }) => ({ key: Key, uploadId: UploadId })),
  }
}

async function remove(bucket: TestBucket): Promise<void> {
  const client = s3Client(bucket)
  const Bucket = bucket.bucket
  try {
    const contents = await list(client, Bucket)
    for (const { key, uploadId } of contents.uploads) {
      await client.send(new AbortMultipartUploadCommand({ Bucket, Key: key, UploadId: uploadId }))
    }
    for (const { key } of contents.objects) {
      await client.send(new DeleteObjectCommand({ Bucket, Key: key }))
    }
    await client.send(new DeleteBucketCommand({ Bucket }))
  } catch (error) {
    // a test may have removed its bucket to see what happens then
    if ((error as { name?: string }).name !== 'NoSuchBucket') throw error
  } finally {
    client.destroy()
  }
}
