/** Whom the connector trusts: TLS in front of a made-up Athena and a real S3 server. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { isBulkheadError, type Row } from '@bulkhead/connector-sdk'
import { readRequest, readRows, testContext } from '@bulkhead/connector-sdk/testing'
import { createBucket } from '../../../test/support/s3.ts'
import { makeCertificates, startTlsFront } from '../../../test/support/tls-front.ts'
import connector from './index.ts'
import { settingsFor, startFakeAthena } from './testing/fake-athena.ts'

const bucket = await createBucket({ after })
const fake = await startFakeAthena({ after }, bucket)
fake.answer = () => ({ columns: [{ name: 'id', type: 'integer' }], rows: [['1']] })
const { hostname: host, port } = new URL(fake.endpoint)
const { authority, addressed, named, impostor } = await makeCertificates()

async function read(pair: typeof addressed, ca: string | undefined): Promise<readonly Row[]> {
  const front = await startTlsFront(pair, authority.cert, { host, port: Number(port) })
  const endpoint = `https://127.0.0.1:${front.port}`
  const tls = ca === undefined ? {} : { ca }
  const settings = { ...settingsFor({ endpoint }, bucket), attempts: 1, results: 'object', tls }
  const context = testContext({ config: connector.config.parse(settings) })
  await using source = (await connector.source?.open(context)) ?? assert.fail()
  await using extract = await source.prepare(readRequest({ query: 'SELECT 1' }, 'rows'), context.signal)
  return await readRows(extract, context.signal)
}

test('a certificate of an authority of the settings is trusted, for Athena and for S3', async () => {
  assert.deepEqual(await read(addressed, authority.cert), [{ id: 1 }])
})

test('a certificate that nobody known signed, or that names another host, is refused', async () => {
  for (const [pair, ca] of [
    [addressed, undefined],
    [impostor, authority.cert],
    [named, authority.cert],
  ] as const)
    await assert.rejects(read(pair, ca), (error) => {
      assert.ok(isBulkheadError(error), String(error))
      assert.equal(error.code, 'athena-tls-refused')
      assert.equal(error.path, 'config.tls.ca')
      return true
    })
})
