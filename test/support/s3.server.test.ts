import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CreateMultipartUploadCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { contentsOf, createBucket, s3Client, type TestBucket } from './s3.ts'

let earlier: TestBucket

test('makes a bucket, lists what is in it, unfinished uploads too', async (t) => {
  earlier = await createBucket(t)
  const client = s3Client(earlier)
  t.after(() => client.destroy())
  const Bucket = earlier.bucket
  assert.deepEqual(await contentsOf(earlier), { objects: [], uploads: [] })
  await client.send(new PutObjectCommand({ Bucket, Key: 'a/b.csv', Body: 'id\n1\n' }))
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'c.csv' }))
  assert.deepEqual(await contentsOf(earlier), {
    objects: [{ key: 'a/b.csv', bytes: 5 }],
    uploads: [{ key: 'c.csv', uploadId: UploadId }],
  })
})

test('removes the bucket after the test', async (t) => {
  const bucket = await createBucket(t)
  const client = s3Client(bucket)
  t.after(() => client.destroy())
  for (let attempt = 0; attempt < 50; attempt++) {
    const gone = await client
      .send(new HeadBucketCommand({ Bucket: earlier.bucket }))
      .then(() => false)
      .catch((error: { name: string }) => error.name === 'NotFound')
    if (gone) return
  }
  assert.fail('the bucket of the test before is still there')
})

test('refuses a wrong signature', async (t) => {
  const bucket = await createBucket(t)
  const client = s3Client({ ...bucket, secretAccessKey: 'wrong' })
  t.after(() => client.destroy())
  await assert.rejects(client.send(new ListBucketsCommand({})), { name: 'SignatureDoesNotMatch' })
})
