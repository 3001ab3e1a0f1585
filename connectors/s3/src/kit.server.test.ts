import { after, before } from 'node:test'
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { settingsRecords, sourceKit, storeKit } from '@bulkhead/connector-sdk/testing'
import { contentsOf, createBucket, s3Client, type TestBucket } from '../../../test/support/s3.ts'
import s3 from './index.ts'
import { someBytes } from './testing/context.ts'

const bucket: TestBucket = await createBucket({ after })
const config = { ...bucket, forcePathStyle: true, prefix: 'in/', partSize: '5MiB' }
let client: S3Client

before(async () => {
  client = s3Client(bucket)
  const objects = {
    'in/a.csv': 'a\r\n',
    'in/b.csv': 'b\n',
    'in/empty.csv': new Uint8Array(),
    'in/sub/c.bin': Uint8Array.of(0, 255, 13, 10),
    'in/large.bin': someBytes(40 * 2 ** 20),
    'elsewhere/secret.csv': 'secret',
  }
  for (const [Key, Body] of Object.entries(objects)) {
    const ContentLength = Buffer.byteLength(Body)
    await client.send(new PutObjectCommand({ Bucket: bucket.bucket, Key, Body, ContentLength }))
  }
})
after(() => client.destroy())

const binary = (files: Record<string, string | Uint8Array>) => [{ format: 'binary' as const, files }]
const wrongConfigs = [
  { title: 'no bucket', config: { ...config, bucket: undefined } },
  { title: 'an acl', config: { ...config, acl: 'public-read' } },
  { title: 'no keys', config: { ...config, accessKeyId: undefined }, code: 's3-credentials-missing' },
  { title: 'a wrong secret', config: { ...config, secretAccessKey: 'x' }, code: 's3-credentials-refused' },
  { title: 'a wrong key', config: { ...config, accessKeyId: 'x' }, code: 's3-credentials-refused' },
  { title: 'a missing bucket', config: { ...config, bucket: 'missing-bucket' }, code: 's3-bucket-not-found' },
  { title: 'another region', config: { ...config, region: 'eu-west-3' }, code: 's3-wrong-region' },
  { title: 'nobody there', config: { ...config, endpoint: 'http://127.0.0.1:1' }, code: 's3-unreachable' },
  {
    title: 'the identity of the machine',
    config: { bucket: 'x-y-z', identity: 'machine' },
    code: 's3-machine-identity-refused',
  },
  { title: 'parts that are too small', config: { ...config, partSize: '1MiB' }, code: 's3-settings-invalid' },
  {
    title: 'a key for no encryption',
    config: { ...config, encryption: { kmsKeyId: 'k' } },
    code: 's3-settings-invalid',
  },
  {
    title: 'a password in the address',
    config: { ...config, endpoint: 'http://a:b@127.0.0.1' },
    code: 's3-settings-invalid',
  },
  { title: 'a prefix that climbs', config: { ...config, prefix: '../' }, code: 's3-settings-invalid' },
]

const { hostname, port } = new URL(bucket.endpoint)
/** The same for both roles, but for the settings. */
const surroundings = (own: typeof config) => ({
  connector: s3,
  config: own,
  wrongConfigs,
  system: 'versitygw 1.x, an S3 server that verifies signatures',
  wrongPassword: {
    config: (secretAccessKey: string) => ({ ...own, secretAccessKey }),
    code: 's3-credentials-refused',
  },
  network: {
    host: hostname,
    port: Number(port),
    at: (address: { host: string; port: number }) => ({
      ...own,
      endpoint: `http://${address.host}:${address.port}`,
      requestTimeout: 'PT2S',
      attempts: 2,
    }),
  },
  settings: settingsRecords(new URL('../settings/', import.meta.url)),
})

sourceKit({
  ...surroundings(config),
  cases: [
    { title: 'one object', query: { key: 'a.csv' }, bytes: binary({ 'a.csv': 'a\r\n' }) },
    { title: 'an empty object', query: { key: 'empty.csv' }, bytes: binary({ 'empty.csv': '' }) },
    { title: 'a pattern', query: { glob: '?.csv' }, bytes: binary({ 'a.csv': 'a\r\n', 'b.csv': 'b\n' }) },
    {
      title: 'a beginning from a parameter',
      query: { prefix: { $param: 'folder' } },
      parameters: { folder: 'sub/' },
      bytes: binary({ 'sub/c.bin': Uint8Array.of(0, 255, 13, 10) }),
    },
  ],
  textParameters: [
    { title: 'a key', query: { key: { $param: 'key' } }, parameters: { key: 'a.csv' } },
    { title: 'a list of keys', query: { key: { $param: 'keys' } }, parameters: { keys: ['a.csv'] } },
    { title: 'a beginning', query: { prefix: { $param: 'folder' } }, parameters: { folder: 'sub/' } },
    {
      title: 'a pattern',
      query: { glob: { $param: 'glob' } },
      parameters: { glob: '?.csv' },
      takesPatterns: true,
    },
  ],
  wrongQueries: [
    { title: 'no key', query: {}, code: 's3-query-invalid' },
    { title: 'text', query: 'a.csv', code: 's3-query-invalid' },
    { title: 'a missing object', query: { key: 'c.csv' }, code: 's3-object-not-found' },
    { title: 'a pattern without match', query: { glob: '**/*.parquet' }, code: 's3-nothing-found' },
    { title: 'a way out', query: { key: '../elsewhere/secret.csv' }, code: 's3-key-invalid' },
    { title: 'a pattern without measure', query: { glob: '*'.repeat(2000) }, code: 's3-query-invalid' },
  ],
  large: { query: { key: 'large.bin' } },
  types: { cannot: 'It copies objects as they are, and knows no types' },
  atWork: { cannot: 'The system does no work for it but to send objects' },
})

storeKit({
  ...surroundings({ ...config, prefix: 'out/' }),
  async read(key) {
    try {
      const answer = await client.send(new GetObjectCommand({ Bucket: bucket.bucket, Key: `out/${key}` }))
      return await answer.Body?.transformToByteArray()
    } catch (error) {
      if ((error as Error).name === 'NoSuchKey') return undefined
      throw error
    }
  },
  async everything() {
    const { objects, uploads } = await contentsOf(bucket)
    return [...objects.map(({ key }) => key), ...uploads.map(({ key, uploadId }) => `${key} ${uploadId}`)]
  },
})
