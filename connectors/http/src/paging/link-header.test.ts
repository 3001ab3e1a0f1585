import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextLink } from './link-header.ts'

test('finds the next page among links, as RFC 8288 writes them', () => {
  const cases: [string | undefined, string | undefined][] = [
    [undefined, undefined],
    ['', undefined],
    ['<https://a/2>; rel="next"', 'https://a/2'],
    ['<https://a/1>; rel="prev", <https://a/3>; rel="next", <https://a/9>; rel="last"', 'https://a/3'],
    ['</x?a=1,2;b>; title="a, b; rel=\\"next\\""; rel=prev, <?page=2>;rel=next', '?page=2'],
    ['<a>; REL="Last NEXT"', 'a'],
    ['<a>; rel=prev; rel=next', undefined],
    ['<a>; rel="nextish"', undefined],
    ['<a>; title=x; rel=next; hreflang', 'a'],
    ['<a>, <b>; rel=next', 'b'],
    [`<a>; rel='next'`, 'a'],
    ['garbage', undefined],
    ['<a>; rel=prev garbage', undefined],
    ['<next>; rel=prev', undefined],
  ]
  for (const [header, expected] of cases) assert.equal(nextLink(header), expected, header)
})

test('takes no header for the last page that it cannot read and that speaks of a next one', () => {
  for (const header of [
    'garbage; rel=next',
    'https://a/2; rel="next"',
    '<a>; rel=prev garbage, <b>; rel="next"',
    '<a; rel=next',
  ])
    assert.throws(() => nextLink(header), { code: 'http-paging-broken', path: 'query.paging' }, header)
})

test('takes no time over a header that is meant to', () => {
  const started = performance.now()
  nextLink(`<a>${'; a="'.repeat(10_000)}`)
  nextLink('<'.repeat(60_000))
  nextLink(`${'<a>;rel=x,'.repeat(6000)}`)
  assert.ok(performance.now() - started < 1000)
})
