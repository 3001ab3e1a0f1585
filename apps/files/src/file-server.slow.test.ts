import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readlink, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { type IncomingMessage, request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import type { Log } from '@bulkhead/connector-sdk'
import { grantLinks } from '@bulkhead/engine/links/grant-links'
import type { LinkGrant } from '@bulkhead/engine/links/link-grant'
import { deriveLinkKey, keyName } from '@bulkhead/engine/links/link-key'
import { signerOf } from '@bulkhead/engine/links/link-signer'
import { openMasterKey } from '@bulkhead/engine/links/master-key'
import { isServed } from '@bulkhead/engine/links/probe'
import { registerServedFolder } from '@bulkhead/engine/links/served-folder'
import { signLinkPath } from '@bulkhead/engine/links/sign'
import { type FileServer, startFileServer } from './file-server.ts'

const log: Log = { debug() {}, info() {}, warn() {} }
const CONTENT = 'id,name\n1,ada\n2,grace\n'

interface Served {
  readonly server: FileServer
  readonly state: string
  /** The store's folder of the application `billing`. */
  readonly folder: string
  readonly clock: { nowMs: number }
  readonly sign: (
    path: string,
    more?: {
      application?: string
      keyOf?: string
      fileName?: string
      contentType?: string
      expiresAt?: number
      folderId?: string
    },
  ) => string
}

async function serve(t: TestContext, options: { log?: Log } = {}): Promise<Served> {
  const base = await mkdtemp(join(tmpdir(), 'bulkhead-files-'))
  t.after(() => rm(base, { recursive: true }))
  const state = join(base, 'state')
  const folder = join(base, 'exports')
  await mkdir(join(folder, 'run-1'), { recursive: true })
  await writeFile(join(folder, 'run-1', 'a.csv'), CONTENT)
  const master = await openMasterKey(state)
  const { id } = await registerServedFolder(state, 'billing', folder)
  const clock = { nowMs: Date.now() }
  const server = await startFileServer({
    host: '127.0.0.1',
    port: 0,
    stateFolder: state,
    now: () => clock.nowMs,
    log,
    ...options,
  })
  t.after(() => server.close(0))
  return {
    server,
    state,
    folder,
    clock,
    sign: (path, more = {}) =>
      server.url +
      signLinkPath(
        {
          application: more.application ?? 'billing',
          bytes: deriveLinkKey(master, more.keyOf ?? more.application ?? 'billing').bytes,
        },
        {
          folderId: more.folderId ?? id,
          path,
          expiresAt: more.expiresAt ?? Math.floor(clock.nowMs / 1000) + 60,
          fileName: more.fileName ?? 'a.csv',
          contentType: more.contentType ?? 'text/csv; charset=utf-8',
        },
      ),
  }
}

/** Sends the path exactly as written: `fetch` would tidy it up. */
async function raw(
  url: string,
  options: { method?: string; path?: string; headers?: Record<string, string> } = {},
): Promise<IncomingMessage & { readonly content: string }> {
  const { hostname, port, pathname, search } = new URL(url)
  const sent = httpRequest({
    hostname,
    port,
    path: options.path ?? pathname + search,
    method: options.method ?? 'GET',
    headers: options.headers,
  })
  sent.end()
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  return Object.assign(answer, { content: await text(answer) })
}

async function refusedWith(
  answer: Promise<IncomingMessage & { readonly content: string }>,
  status: number,
  code: string,
): Promise<void> {
  const { statusCode, headers, content } = await answer
  assert.equal(statusCode, status, content)
  assert.equal(headers['content-type'], 'application/problem+json')
  assert.equal(headers['x-content-type-options'], 'nosniff')
  const body = JSON.parse(content) as Record<string, unknown>
  assert.deepEqual(Object.keys(body).toSorted(), ['code', 'detail', 'status', 'title', 'type'])
  assert.equal(body['code'], code)
  assert.equal(body['status'], status)
}

test('serves a signed file under its name, as what it is, to be saved and not shown', async (t) => {
  const { sign } = await serve(t)
  const answer = await fetch(sign('run-1/a.csv', { fileName: 'Übersicht.csv' }))
  assert.equal(answer.status, 200)
  assert.equal(await answer.text(), CONTENT)
  const { headers } = answer
  assert.equal(headers.get('content-length'), String(CONTENT.length))
  assert.equal(headers.get('content-type'), 'text/csv; charset=utf-8')
  assert.equal(
    headers.get('content-disposition'),
    `attachment; filename="_bersicht.csv"; filename*=UTF-8''%C3%9Cbersicht.csv`,
  )
  assert.equal(headers.get('x-content-type-options'), 'nosniff')
  assert.equal(headers.get('cache-control'), 'private')
  assert.match(headers.get('content-security-policy') ?? '', /sandbox/)
  assert.equal(headers.get('accept-ranges'), 'bytes')
  assert.match(headers.get('etag') ?? '', /"/)
})

test('serves the links of a run that was granted them', async (t) => {
  const { server, state, folder } = await serve(t)
  const grant = await grantLinks({
    stateFolder: state,
    application: 'billing',
    folders: [folder],
    baseUrl: server.url,
  })
  const signLink = signerOf(JSON.parse(JSON.stringify(grant)) as LinkGrant, Date.now)
  const object = { key: 'run-1/a.csv', path: join(folder, 'run-1', 'a.csv'), bytes: CONTENT.length }
  const link = await signLink(object, { expiresInSeconds: 60, fileName: 'a.csv', contentType: 'text/csv' })
  assert.equal(link.warning, undefined)
  assert.equal(await (await fetch(link.url)).text(), CONTENT)
  await server.close()
  const unserved = await signerOf(grant, Date.now)(object, {
    expiresInSeconds: 60,
    fileName: 'a.csv',
    contentType: 'text/csv',
  })
  assert.match(unserved.warning ?? '', /^Nobody serves links/)
})

test('answers HEAD with the same headers and no body', async (t) => {
  const { sign } = await serve(t)
  const answer = await raw(sign('run-1/a.csv'), { method: 'HEAD' })
  assert.equal(answer.statusCode, 200)
  assert.equal(answer.headers['content-length'], String(CONTENT.length))
  assert.equal(answer.content, '')
})

test('serves ranges, as of a file that has not changed', async (t) => {
  const { sign, folder } = await serve(t)
  const link = sign('run-1/a.csv')
  const ranged = async (
    range: string,
    more: Record<string, string> = {},
  ): Promise<[number, string, string | null]> => {
    const answer = await fetch(link, { headers: { range, ...more } })
    return [answer.status, await answer.text(), answer.headers.get('content-range')]
  }
  const all = CONTENT.length
  assert.deepEqual(await ranged('bytes=0-1'), [206, 'id', `bytes 0-1/${all}`])
  assert.deepEqual(await ranged('bytes=-6'), [206, 'grace\n', `bytes ${all - 6}-${all - 1}/${all}`])
  assert.deepEqual(await ranged('bytes=8-'), [206, CONTENT.slice(8), `bytes 8-${all - 1}/${all}`])
  // more than one range is answered with the whole file, which RFC 9110 (14.2) allows
  assert.deepEqual(await ranged('bytes=0-1,3-4'), [200, CONTENT, null])
  const etag = (await fetch(link, { method: 'HEAD' })).headers.get('etag') ?? ''
  assert.deepEqual(await ranged('bytes=0-1', { 'if-range': etag }), [206, 'id', `bytes 0-1/${all}`])
  await utimes(join(folder, 'run-1', 'a.csv'), new Date(0), new Date(0))
  assert.deepEqual(await ranged('bytes=0-1', { 'if-range': etag }), [200, CONTENT, null])
  await refusedWith(raw(link, { headers: { range: 'bytes=99-' } }), 416, 'range-not-satisfiable')
  const unsatisfiable = await raw(link, { headers: { range: 'bytes=99-' } })
  assert.equal(unsatisfiable.headers['content-range'], `bytes */${all}`)
})

test('answers conditions', async (t) => {
  const { sign } = await serve(t)
  const link = sign('run-1/a.csv')
  const etag = (await fetch(link, { method: 'HEAD' })).headers.get('etag') ?? ''
  const same = await raw(link, { headers: { 'if-none-match': etag } })
  assert.equal(same.statusCode, 304)
  assert.equal(same.content, '')
  await refusedWith(raw(link, { headers: { 'if-match': '"other"' } }), 412, 'precondition-failed')
})

test('refuses what was not signed, or changed in any way', async (t) => {
  const { sign, server } = await serve(t)
  const link = sign('run-1/a.csv')
  const path = link.slice(server.url.length)
  const changed = (from: string | RegExp, to: string): string => {
    const made = path.replace(from, to)
    assert.notEqual(made, path)
    return made
  }
  for (const hostile of [
    changed(/expires=(\d+)/, 'expires=9999999999'),
    changed('name=a.csv', 'name=a.html'),
    changed('type=text%2Fcsv', 'type=text%2Fhtml'),
    changed('/billing/', '/payroll/'),
    changed('run-1/a.csv', 'run-1/b.csv'),
    changed('run-1/a.csv', 'run-1/../run-1/a.csv'),
    changed('run-1/a.csv', 'run-1/..%2frun-1/a.csv'),
    changed('run-1/a.csv', 'run-1%2Fa.csv'),
    changed('run-1/a.csv', 'run-1%5ca.csv'),
    changed('run-1/a.csv', 'run-1/a.csv%00'),
    changed('run-1/a.csv', 'run-1/a.csv%00.html'),
    changed('run-1/a.csv', '%2e%2e/%2e%2e/etc/passwd'),
    changed('run-1/a.csv', '..%252f..%252fetc/passwd'),
    changed('run-1/a.csv', '%c0%ae%c0%ae/etc/passwd'),
    changed('run-1/a.csv', 'run-1/%zz'),
    changed('run-1/a.csv', 'run-1//a.csv'),
    changed('run-1/a.csv', ''),
    changed(/signature=.*/, 'signature='),
    changed(/&signature=.*/, ''),
    `${path}&name=evil.exe`,
    '/files/',
    '/files/billing/',
    '/files/../../etc/passwd',
    '/files/%2e%2e/%2e%2e/etc/passwd',
  ]) {
    const answer = await raw(server.url, { path: hostile })
    assert.ok(answer.statusCode === 403 || answer.statusCode === 404, `${answer.statusCode} for ${hostile}`)
    assert.equal(answer.headers['content-type'], 'application/problem+json')
    assert.match(answer.content, /"link-refused"|"not-found"/)
  }
})

test('refuses a link that was signed with the key of another application', async (t) => {
  const { sign } = await serve(t)
  await refusedWith(raw(sign('run-1/a.csv', { keyOf: 'payroll' })), 403, 'link-refused')
})

test('serves an application nothing from the folder of another, whatever it signs', async (t) => {
  const { sign, state, folder } = await serve(t)
  const own = await registerServedFolder(state, 'payroll', join(folder, '..', 'payroll'))
  await mkdir(own.folder)
  await refusedWith(raw(sign('run-1/a.csv', { application: 'payroll' })), 404, 'file-gone')
  await refusedWith(raw(sign('run-1/a.csv', { application: 'payroll', folderId: own.id })), 404, 'file-gone')
  await refusedWith(raw(sign('run-1/a.csv', { folderId: '../../../etc/xx' })), 404, 'file-gone')
})

test('says that a link has expired, or that the file is gone', async (t) => {
  const { sign, clock, folder } = await serve(t)
  const link = sign('run-1/a.csv')
  clock.nowMs += 61_000
  await refusedWith(raw(link), 410, 'link-expired')
  const fresh = sign('run-1/a.csv')
  assert.equal((await raw(fresh)).statusCode, 200)
  await rm(join(folder, 'run-1', 'a.csv'))
  await refusedWith(raw(fresh), 404, 'file-gone')
  await refusedWith(raw(sign('run-1')), 404, 'file-gone')
  await refusedWith(raw(sign('run-1/a.csv/b')), 404, 'file-gone')
  await refusedWith(raw(sign(`${'x'.repeat(255)}`.repeat(2))), 404, 'file-gone')
})

test('follows links inside the folder, and none that leads out of it', async (t) => {
  const { sign, folder } = await serve(t)
  const outside = join(folder, '..', 'secret.txt')
  await writeFile(outside, 'secret')
  await symlink(outside, join(folder, 'run-1', 'out.csv'))
  await symlink('..', join(folder, 'run-1', 'up'))
  await symlink(join(folder, '..'), join(folder, 'run-1', 'beyond'))
  await symlink('a.csv', join(folder, 'run-1', 'in.csv'))
  await symlink('loop', join(folder, 'run-1', 'loop'))
  assert.equal((await raw(sign('run-1/in.csv'))).content, CONTENT)
  assert.equal((await raw(sign('run-1/up/run-1/a.csv'))).content, CONTENT)
  for (const path of ['run-1/out.csv', 'run-1/beyond/secret.txt', 'run-1/loop']) {
    await refusedWith(raw(sign(path)), 404, 'file-gone')
  }
})

test('serves plain files only: no folder, no device, no pipe', async (t) => {
  const { sign, folder } = await serve(t)
  await symlink('/dev/zero', join(folder, 'zero'))
  execFileSync('sh', ['-c', 'mkfifo "$0"', join(folder, 'pipe')])
  for (const path of ['run-1', 'zero', 'pipe']) await refusedWith(raw(sign(path)), 404, 'file-gone')
})

test('takes GET and HEAD, and nothing else', async (t) => {
  const { sign } = await serve(t)
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
    const answer = raw(sign('run-1/a.csv'), { method })
    await refusedWith(answer, 405, 'method-not-allowed')
    assert.equal((await answer).headers.allow, 'GET, HEAD')
  }
})

test('lists nothing, and knows no other address', async (t) => {
  const { server } = await serve(t)
  for (const path of ['/', '/files', '/index.html', '/favicon.ico']) {
    await refusedWith(raw(server.url, { path }), 404, 'not-found')
  }
})

test('bounds what a client can send', async (t) => {
  const { server } = await serve(t)
  await refusedWith(raw(server.url, { path: `/files/${'x'.repeat(6000)}` }), 414, 'link-too-long')
  const answer = await raw(server.url, { headers: { 'x-large': 'x'.repeat(20_000) } })
  assert.equal(answer.statusCode, 431)
})

test('tells its health, and whose links it serves', async (t) => {
  const { server, state } = await serve(t)
  const key = keyName(await openMasterKey(state))
  assert.deepEqual(await (await fetch(`${server.url}/healthz`)).json(), { service: 'bulkhead-files', key })
  assert.equal(await isServed(server.url, key), true)
  assert.equal(await isServed(`${server.url}/`, undefined), true)
  assert.equal(await isServed(server.url, 'another key'), false)
  await server.close()
  assert.equal(await isServed(server.url, key), false)
})

test('listens on this machine only, unless it is told otherwise', async (t) => {
  const { state } = await serve(t)
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'files.example.com']) {
    await assert.rejects(startFileServer({ host, port: 0, stateFolder: state, log }), {
      kind: 'config',
      code: 'usage',
      path: 'host',
    })
  }
  const open = await startFileServer({ host: '0.0.0.0', port: 0, stateFolder: state, allowRemote: true, log })
  await open.close()
})

test('says that its port is taken', async (t) => {
  const { server, state } = await serve(t)
  const port = Number(new URL(server.url).port)
  await assert.rejects(startFileServer({ host: '127.0.0.1', port, stateFolder: state, log }), {
    kind: 'environment',
    code: 'address-unusable',
  })
})

test('streams a large file in flat memory, as slowly as it is taken', async (t) => {
  const { sign, folder, server } = await serve(t)
  const size = 64 * 2 ** 20
  await writeFile(join(folder, 'large.bin'), randomBytes(size))
  const { port } = new URL(server.url)
  const before = process.memoryUsage().arrayBuffers
  const socket = connect(Number(port), '127.0.0.1')
  socket.write(
    `GET ${sign('large.bin').slice(server.url.length)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
  )
  await once(socket, 'readable')
  await sleep(200)
  const held = process.memoryUsage().arrayBuffers - before
  assert.ok(held < 16 * 2 ** 20, `${Math.round(held / 2 ** 20)} MiB are held for a client that waits`)
  let received = 0
  for await (const chunk of socket as AsyncIterable<Buffer>) received += chunk.length
  assert.ok(received > size && received < size + 2000)
})

test('lets go of the file when the client leaves, and of every client when it closes', async (t) => {
  const { sign, folder, server } = await serve(t)
  await writeFile(join(folder, 'large.bin'), randomBytes(32 * 2 ** 20))
  const stop = new AbortController()
  const answer = await fetch(sign('large.bin'), { signal: stop.signal })
  stop.abort()
  await assert.rejects(answer.arrayBuffer())
  for (let tries = 0; (await heldBelow(folder)) > 0; tries++) {
    assert.ok(tries < 100, 'a file is still open')
    await sleep(10)
  }
  const slow = await fetch(sign('large.bin'))
  const start = Date.now()
  await server.close(50)
  assert.ok(Date.now() - start < 3_000)
  await assert.rejects(slow.arrayBuffer())
})

test('writes neither signatures nor addresses into its log', async (t) => {
  const lines: string[] = []
  const keep = (message: string, details?: Readonly<Record<string, unknown>>): void =>
    void lines.push(JSON.stringify([message, details]))
  const { sign } = await serve(t, { log: { debug: keep, info: keep, warn: keep } })
  const link = sign('run-1/a.csv')
  await raw(link)
  await raw(`${link}x`)
  const signature = new URL(link).searchParams.get('signature') ?? ''
  assert.ok(lines.length > 0)
  assert.ok(lines.every((line) => !line.includes(signature)))
})

/** Files below the folder that this process holds open; Linux tells. */
async function heldBelow(folder: string): Promise<number> {
  if (process.platform !== 'linux') return 0
  const fds = await readdir('/proc/self/fd')
  const places = await Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  return places.filter((place) => place.startsWith(folder)).length
}
