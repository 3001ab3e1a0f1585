import { test, after } from 'node:test'
import { gzipSync, brotliCompressSync } from 'node:zlib'
import { createServer } from 'node:net'
import { testContext, readRequest } from '@bulkhead/connector-sdk/testing'
import http from './index.ts'
import { json, startApi } from './testing/api-server.ts'
import { readAll } from './testing/read.ts'
async function go(name: string, options: any) {
  const t = performance.now()
  try { const { rows, logged } = await readAll(options); console.log(name, 'OK', JSON.stringify(rows, (k, v) => typeof v === 'bigint' ? `${v}n` : v).slice(0, 300), Math.round(performance.now() - t), JSON.stringify(logged).slice(0,300)) }
  catch (e: any) { console.log(name, 'ERR', e.code, '|', e.message, '|', e.path, '|', e.fix, Math.round(performance.now() - t)) }
}
process.on('unhandledRejection', (e) => console.log('UNHANDLED', e))
const scope = { after }
const only = process.env.ONLY
const cases: Record<string, () => Promise<void>> = {
  async A() {
    const api = await startApi(scope, (r) => { r.response.writeHead(500, { 'retry-after': '20' }); r.response.end() })
    await go('A 500+Retry-After 20, longestWait 1s', { config: { baseUrl: api.url, retry: { attempts: 2, longestWait: 'PT1S' } }, query: { path: 'x' }, signal: AbortSignal.timeout(8000) })
  },
  async A2() {
    const api = await startApi(scope, (r) => { r.response.writeHead(500, { 'retry-after': '99999999' }); r.response.end() })
    await go('A2', { config: { baseUrl: api.url, retry: { attempts: 3 } }, query: { path: 'x' }, signal: AbortSignal.timeout(8000) })
  },
  async B() {
    const api = await startApi(scope, (r) => { if (r.path === '/token') return; json(r, []) })
    await using context = testContext({ config: http.config.parse({ baseUrl: api.url, auth: { type: 'oauth2', endpoint: `${api.url}/token`, clientId: 'a', clientSecret: 'b' } }) })
    const source = await http.source!.open(context)
    const aborted = AbortSignal.abort(new Error('cancelled'))
    await source.prepare(readRequest({ query: { path: 'x' }, parameters: {} }, 'columns', {}), aborted).then(() => console.log('B ok'), (e) => console.log('B', e.message))
    await source[Symbol.asyncDispose]()
    await new Promise((r) => setTimeout(r, 300))
  },
  async C() {
    const api = await startApi(scope, (r) => { const p = r.parameters.get('page'); if (p === '1') json(r, { data: [1], more: true }); else json(r, { error: 'x' }, 404) })
    await go('C endStatus+hasMore', { config: { baseUrl: api.url }, query: { path: 'x', records: '/data', paging: { by: 'page', endStatus: 404, hasMore: '/more' } } })
  },
  async D() {
    const api = await startApi(scope, (r) => json(r, { data: [1], errors: ['x'.repeat(100_000)] }))
    await go('D big errors', { config: { baseUrl: api.url }, query: { path: 'x', records: '/data', errorsAt: '/errors' } })
  },
  async E() {
    const bodies: Record<string, Buffer> = {
      garbage: Buffer.concat([gzipSync('[1,2,3]'), Buffer.from('garbage after')]),
      two: Buffer.concat([gzipSync('[1,2'), gzipSync(',3]')]),
      empty: Buffer.alloc(0), cut: gzipSync('[1,2,3]').subarray(0, 20), zeros: Buffer.concat([gzipSync('[1,2,3]'), Buffer.alloc(100)]),
      crc: (() => { const b = gzipSync('[1,2,3]'); b[b.length - 6]! ^= 1; return b })(),
    }
    const api = await startApi(scope, (r) => { r.response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }); r.response.end(bodies[r.path.slice(1)]) })
    for (const name of Object.keys(bodies)) await go('E ' + name, { config: { baseUrl: api.url, retry: { attempts: 1 } }, query: { path: name } })
    const api2 = await startApi(scope, (r) => { r.response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'br' }); r.response.end(brotliCompressSync(Buffer.from(JSON.stringify(Array.from({ length: 1000 }, (_, i) => i * 7919)))).subarray(0, 300)) })
    await go('E br cut', { config: { baseUrl: api2.url, retry: { attempts: 1 } }, query: { path: 'x' } })
    const api3 = await startApi(scope, (r) => { r.response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'br' }); r.response.end(Buffer.concat([brotliCompressSync(Buffer.from('[1]')), Buffer.from('tail')])) })
    await go('E br tail', { config: { baseUrl: api3.url, retry: { attempts: 1 } }, query: { path: 'x' } })
    const api4 = await startApi(scope, (r) => { r.response.writeHead(200, { 'content-encoding': 'gzip' }); r.response.end(gzipSync('{"a":1}\n{"a":2}\n{"a":3}\n').subarray(0, -9)) })
    await go('E ndjson cut gzip', { config: { baseUrl: api4.url, retry: { attempts: 1 } }, query: { path: 'x', format: 'ndjson' } })
  },
  async F() {
    const api = await startApi(scope, (r) => json(r, '[{"f":1e-400,"g":1e-50,"d":1e400,"i":1e18}]'))
    for (const [n, t] of [['f', 'float'], ['g', 'float32'], ['d', 'float'], ['d', 'decimal'], ['d', 'integer'], ['i', 'integer'],['f','decimal(38,10)']])
      await go(`F ${n} ${t}`, { config: { baseUrl: api.url }, query: { path: 'x', otherFields: 'drop', columns: [{ name: n, type: t }] } })
    await go(`F json`, { config: { baseUrl: api.url }, query: { path: 'x' } })
  },
  async H() {
    const api = await startApi(scope, (r) => json(r, [decodeURIComponent(String(r.parameters))]))
    await go('H nested list', { config: { baseUrl: api.url }, query: { path: 'x', queryParameters: { id: [{ $param: 'ids' }, 7] } }, parameters: { ids: [1n, 2n] } })
    await go('H null in list', { config: { baseUrl: api.url }, query: { path: 'x', queryParameters: { id: { $param: 'ids' } } }, parameters: { ids: ['a', null, 'b&c=d#'] } })
    await go('H 1e21', { config: { baseUrl: api.url }, query: { path: 'x', queryParameters: { id: { $param: 'n' } } }, parameters: { n: 1e21 } })
    await go('H surrogate', { config: { baseUrl: api.url }, query: { path: 'x', queryParameters: { id: { $param: 'n' } } }, parameters: { n: '\ud800' } })
    await go('H inf', { config: { baseUrl: api.url }, query: { path: 'x', queryParameters: { id: { $param: 'n' } } }, parameters: { n: Infinity } })
    await go('H path null', { config: { baseUrl: api.url }, query: { path: ['x', { $param: 'n' }] }, parameters: { n: null } })
    await go('H path list', { config: { baseUrl: api.url }, query: { path: ['x', { $param: 'n' }] }, parameters: { n: ['a', 'b'] } })
    await go('H header', { config: { baseUrl: api.url }, query: { path: 'x', headers: { 'x-a': { $param: 'n' } } }, parameters: { n: 'a\r\nb: c' } })
    await go('H header é', { config: { baseUrl: api.url }, query: { path: 'x', headers: { 'x-a': { $param: 'n' } } }, parameters: { n: 'é' } })
    await go('H name proto', { config: { baseUrl: api.url }, query: { path: 'x', method: 'POST', body: JSON.parse('{"__proto__":{"a":1},"b":2}') } })
    console.log(api.seen.at(-1)?.body)
  },
  async J() {
    const raw = async (text: string | ((s: any) => void)) => { const server = createServer((s) => { s.on('error', () => {}); s.once('data', () => typeof text === 'string' ? s.end(text) : text(s)) }); server.listen(0, '127.0.0.1'); await new Promise((r) => server.once('listening', r)); after(() => server.close()); return `http://127.0.0.1:${(server.address() as any).port}` }
    const q = { path: 'x' }, c = { retry: { attempts: 1 }, idleTimeout: 'PT1S' }
    await go('J long length', { config: { ...c, baseUrl: await raw('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n[1,2]') }, query: q })
    await go('J short length', { config: { ...c, baseUrl: await raw('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5\r\n\r\n[1,2],3]') }, query: q })
    await go('J both', { config: { ...c, baseUrl: await raw('HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n5\r\n[1,2]\r\n0\r\n\r\n') }, query: q })
    await go('J chunk cut', { config: { ...c, baseUrl: await raw('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n5\r\n[1,2]\r\n') }, query: q })
    await go('J chunk bad', { config: { ...c, baseUrl: await raw('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n5\r\n[1,2]\r\nzz\r\n') }, query: q })
    await go('J ndjson http10', { config: { ...c, baseUrl: await raw('HTTP/1.0 200 OK\r\n\r\n{"a":1}\n{"a":2}\n') }, query: { ...q, format: 'ndjson' } })
    await go('J header huge', { config: { ...c, baseUrl: await raw('HTTP/1.1 200 OK\r\nx: ' + 'a'.repeat(100_000) + '\r\n\r\n[]') }, query: q })
    await go('J not http', { config: { ...c, baseUrl: await raw('SSH-2.0-OpenSSH\r\n') }, query: q })
    await go('J header drip', { config: { ...c, baseUrl: await raw((s) => { s.write('HTTP/1.1 200 OK\r\nx: '); const t = setInterval(() => s.write('a'), 100); s.on('close', () => clearInterval(t)) }) }, query: q })
    await go('J body drip', { config: { ...c, baseUrl: await raw((s) => { s.write('HTTP/1.1 200 OK\r\n\r\n[1'); const t = setInterval(() => s.write(' '), 100); s.on('close', () => clearInterval(t)) }) }, query: q, limits: { queryTimeoutMs: 2000 } })
    await go('J 404 drip', { config: { ...c, baseUrl: await raw((s) => { s.write('HTTP/1.1 404 OK\r\n\r\n[1'); const t = setInterval(() => s.write(' '), 100); s.on('close', () => clearInterval(t)) }) }, query: q, limits: { queryTimeoutMs: 20000 }, signal: AbortSignal.timeout(5000) })
    await go('J 1xx endless', { config: { ...c, baseUrl: await raw((s) => { const t = setInterval(() => s.write('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'), 100); s.on('close', () => clearInterval(t)) }) }, query: q, limits: { queryTimeoutMs: 20000 } })
    if (!process.env.SKIP101) await go('J 101', { config: { ...c, baseUrl: await raw('HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n[]') }, query: q, limits: { queryTimeoutMs: 5000 } })
    await go('J 206', { config: { ...c, baseUrl: await raw('HTTP/1.1 206 Partial Content\r\ncontent-type: application/json\r\ncontent-range: bytes 0-4/100\r\ncontent-length: 5\r\n\r\n[1,2]') }, query: q })
    await go('J redirect meta', { config: { ...c, baseUrl: await raw('HTTP/1.1 302 F\r\nlocation: http://169.254.169.254/latest/meta-data\r\ncontent-length: 0\r\n\r\n') }, query: q })
    await go('J redirect userinfo', { config: { ...c, baseUrl: await raw('HTTP/1.1 302 F\r\nlocation: //user:pw@evil/x\r\ncontent-length: 0\r\n\r\n') }, query: q })
    await go('J 200 upgrade', { config: { ...c, baseUrl: await raw('HTTP/1.1 304 N\r\n\r\n') }, query: q })
  },
  async K() {
    const loop = await startApi(scope, (r) => json(r, { data: [Math.random()], next: r.parameters.get('c') === 'a' ? 'b' : 'a' }))
    await go('K cursor loop', { config: { baseUrl: loop.url }, query: { path: 'x', records: '/data', paging: { by: 'cursor', at: '/next', parameter: 'c' } } })
    const o = await startApi(scope, (r) => json(r, { data: [1, 1], next: { a: 1 } }))
    await go('K cursor obj', { config: { baseUrl: o.url }, query: { path: 'x', records: '/data', paging: { by: 'cursor', at: '/next', parameter: 'c' } } })
    const tot = await startApi(scope, (r) => json(r, { data: r.parameters.get('offset') === '0' ? [1] : [2], total: 2, next: 1e21 }))
    await go('K total', { config: { baseUrl: tot.url }, query: { path: 'x', records: '/data', paging: { by: 'offset', total: '/total' } } })
    const emptyTotal = await startApi(scope, (r) => json(r, { data: r.parameters.get('offset') === '0' ? [1] : [], total: 5 }))
    await go('K total says more, page empty', { config: { baseUrl: emptyTotal.url }, query: { path: 'x', records: '/data', paging: { by: 'offset', total: '/total' } } })
    const none = await startApi(scope, (r) => json(r, { data: [], next: 'n' + r.parameters.get('c') }))
    await go('K endless empty pages', { config: { baseUrl: none.url }, query: { path: 'x', records: '/data', paging: { by: 'cursor', at: '/next', parameter: 'c', maxPages: 50 } } })
    const dup = await startApi(scope, (r) => json(r, '{"data":[1],"data":[2]}'))
    await go('K data twice', { config: { baseUrl: dup.url }, query: { path: 'x', records: '/data' } })
    const dup2 = await startApi(scope, (r) => json(r, '{"d":{"items":[1]},"d":{"items":null}}'))
    await go('K data twice null', { config: { baseUrl: dup2.url }, query: { path: 'x', records: '/d/items' } })
    const more = await startApi(scope, (r) => json(r, { data: [1], next: 'https://elsewhere.example/x' }))
    await go('K url elsewhere', { config: { baseUrl: more.url }, query: { path: 'x', records: '/data', paging: { by: 'url', at: '/next' } } })
  },
}
for (const [name, run] of Object.entries(cases)) if (only === undefined || only.includes(name)) test(name, run)
