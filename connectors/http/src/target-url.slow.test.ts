import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isBulkheadError, type ParameterValue } from '@bulkhead/connector-sdk'
import { checkHeaders } from './client/headers.ts'
import { addQueryParameters, type PathPart, targetUrl } from './target-url.ts'

const base = new URL('https://api.example.com/v1/')

function pathOf(path: string | PathPart[]): string {
  return targetUrl(base, path, 'query.path').pathname
}

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    assert.ok(isBulkheadError(error), String(error))
    assert.match(error.path ?? '', /^query/)
    return error.code
  }
  return 'none'
}

test('puts paths below the base, each part percent-encoded as a whole', () => {
  assert.equal(pathOf('orders'), '/v1/orders')
  assert.equal(pathOf('/orders/open/'), '/v1/orders/open/')
  assert.equal(pathOf(''), '/v1/')
  assert.equal(
    pathOf(['customers', 'a/b?c#d%2e&e=f', 7, 12345678901234567890n]),
    '/v1/customers/a%2Fb%3Fc%23d%252e%26e%3Df/7/12345678901234567890',
  )
  assert.equal(
    pathOf(['Ünïcode 漢', "it's(*)!", 'a:b@c,d;e+f']),
    '/v1/%C3%9Cn%C3%AFcode%20%E6%BC%A2/it%27s%28%2A%29%21/a:b@c,d%3Be%2Bf',
  )
  assert.equal(pathOf('people:search'), '/v1/people:search')
  assert.equal(pathOf('a?b=c#d'), '/v1/a%3Fb%3Dc%23d')
})

test('refuses every way out of the base', () => {
  const attacks = [
    '.',
    '..',
    '../admin',
    'a/../../b',
    '..\\admin',
    'a\\..\\b',
    './x',
    'a/..',
    '\u0000',
    'a\r\nHost: evil',
    'a\tb',
    '\ud800',
  ]
  for (const attack of attacks) {
    assert.equal(
      codeOf(() => pathOf(['customers', attack])),
      'http-path-invalid',
      JSON.stringify(attack),
    )
    assert.equal(
      codeOf(() => pathOf(`customers/${attack}`)),
      'http-path-invalid',
      JSON.stringify(attack),
    )
  }
  for (const empty of ['//evil.example.com/x', 'a//b', '/'.repeat(3)])
    assert.equal(
      codeOf(() => pathOf(empty)),
      'http-path-invalid',
      empty,
    )
  assert.equal(
    codeOf(() => pathOf(['a', ''])),
    'http-path-invalid',
  )
  assert.equal(
    codeOf(() => pathOf('//evil.example.com/x')),
    'http-path-invalid',
  )
})

test('keeps any parameter one part of the path, and origin and base as they are', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      let url: URL
      try {
        url = targetUrl(base, ['customers', value, 'orders'], 'query.path')
      } catch (error) {
        assert.ok(isBulkheadError(error))
        return
      }
      assert.equal(url.origin, base.origin)
      assert.equal(url.search + url.hash, '')
      const parts = url.pathname.split('/')
      assert.equal(parts.length, 5)
      assert.equal(decodeURIComponent(parts[3]!), value)
    }),
  )
})

test('keeps any query parameter a value', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (value) => {
      const url = new URL(base)
      addQueryParameters(
        url,
        { 'a&b': value, list: [1, 2n, true, null], gone: null },
        'query.queryParameters',
      )
      const sent = new URL(url.href).searchParams
      assert.deepEqual(
        [...sent],
        [
          ['a&b', value],
          ['list', '1'],
          ['list', '2'],
          ['list', 'true'],
        ],
      )
    }),
  )
})

test('refuses query parameters that would be sent as something else', () => {
  for (const value of ['\ud800', Number.NaN, Infinity, [[1, 2], 3], ['a', '\udc00'], Uint8Array.of(1)])
    assert.equal(
      codeOf(() =>
        addQueryParameters(new URL(base), { x: value as ParameterValue }, 'query.queryParameters'),
      ),
      'http-query-invalid',
      JSON.stringify(value),
    )
})

test('refuses headers that would be two, and those that are not the query’s to set', () => {
  for (const value of ['a\r\nX-Evil: 1', 'a\nb', 'a\u0000', 'é漢'])
    assert.equal(
      codeOf(() => checkHeaders({ 'X-A': value }, 'query.headers')),
      'http-header-invalid',
      JSON.stringify(value),
    )
  for (const name of [
    'Authorization',
    'host',
    'Cookie',
    'Content-Length',
    'Transfer-Encoding',
    'connection',
    'X A',
    'X:A',
    '',
    'X\r\nY',
  ])
    assert.equal(
      codeOf(() => checkHeaders({ [name]: 'x' }, 'query.headers')),
      'http-header-invalid',
      JSON.stringify(name),
    )
  assert.deepEqual(checkHeaders({ 'X-Tenant': 'a b' }, 'query.headers'), { 'x-tenant': 'a b' })
})
