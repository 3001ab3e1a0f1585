/** A server with a certificate gives no link in clear. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { request, type RequestOptions } from 'node:https'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { writeApplication } from '../support/application-folder.ts'
import { makeCertificates } from '../support/tls-front.ts'
import { temporaryFolder } from './command.ts'
import { startServer } from './start-server.ts'
import { until } from './until.ts'

test('links to local files are https where the server has a certificate, and nobody is answered in clear', async (t) => {
  const folder = temporaryFolder(t)
  const { authority, addressed } = await makeCertificates()
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  writeFileSync(cert, addressed.cert)
  writeFileSync(key, addressed.key)
  await writeApplication(
    join(folder, 'apps/shop'),
    'shop',
    {
      connections: { inbox: { connector: 'file-records', config: { folder: './in' } } },
      stores: { out: { connector: 'files', config: { folder: './out', createFolder: true } } },
      jobs: {
        all: { source: { connection: 'inbox', query: { path: 'a.csv', format: { type: 'delimited' } } } },
      },
    },
    { 'in/a.csv': 'id\n1\n' },
  )
  const { url } = await startServer(t, join(folder, 'apps'), {
    folder,
    environment: { BULKHEAD_PLATFORM__HTTP__TLS__CERT: cert, BULKHEAD_PLATFORM__HTTP__TLS__KEY: key },
  })
  assert.match(url, /^https:/)

  const ask = async (to: string, options: RequestOptions = {}, body?: string) => {
    const sent = request(to, { ca: authority.cert, agent: false, ...options })
    sent.end(body)
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    return { status: response.statusCode, text: await text(response) }
  }
  const started = await ask(
    `${url}/api/v1/applications/shop/jobs/all/runs`,
    { method: 'POST', headers: { 'content-type': 'application/json' } },
    '{"requestId":"r1"}',
  )
  const { runId } = JSON.parse(started.text) as { readonly runId: string }
  const links = await until('the links', async () => {
    const answer = await ask(`${url}/api/v1/runs/${runId}/links`, { method: 'POST' })
    return answer.status === 200 ? answer.text : undefined
  })
  const { files, warnings } = JSON.parse(links) as {
    readonly files: readonly { readonly url: string }[]
    readonly warnings: readonly string[]
  }
  assert.deepEqual(warnings, [])
  const link = files[0]?.url ?? assert.fail('there is no link')
  assert.match(link, /^https:\/\/127\.0\.0\.1:/)
  const file = await ask(link)
  assert.deepEqual([file.status, file.text.trim()], [200, 'id\n1'])
  await assert.rejects(fetch(link.replace('https', 'http')))
})
