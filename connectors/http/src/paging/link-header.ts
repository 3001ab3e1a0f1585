import { httpFault } from '../errors.ts'

/**
 * The target of the first link with `rel="next"` in a `Link` header.
 * @param header  as Node.js gives it: several headers joined by commas
 * @throws BulkheadError `http-paging-broken` when what cannot be read of it speaks of a next page
 * @see https://www.rfc-editor.org/rfc/rfc8288#section-3
 */
export function nextLink(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  let rest = header
  for (;;) {
    const target = /^[\s,]*<([^>]*)>/.exec(rest)
    if (target === null) return noneIn(rest)
    rest = rest.slice(target[0].length)
    let isNext = false
    let hasRelation = false
    for (;;) {
      // A value in quotes may have commas and semicolons, which separate nothing there.
      const parameter = /^\s*;\s*([!#$%&'*+\-.^_`|~\w]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?/.exec(
        rest,
      )
      if (parameter === null) break
      rest = rest.slice(parameter[0].length)
      const [, name = '', quoted, bare] = parameter
      // Only the first relation counts.
      if (name.toLowerCase() !== 'rel' || hasRelation) continue
      hasRelation = true
      // Quotes of the other kind are part of no name; some servers write them.
      const relations = quoted ?? bare?.replace(/^'(.*)'$/, '$1') ?? ''
      isNext = relations.toLowerCase().split(/\s+/).includes('next')
    }
    if (isNext) return target[1]!.trim()
    const comma = /^\s*;?\s*,/.exec(rest)
    if (comma === null) return noneIn(rest)
    rest = rest.slice(comma[0].length)
  }
}

/** @param rest  of the header, from where it is no list of links any more */
function noneIn(rest: string): undefined {
  if (!/next/i.test(rest)) return
  throw httpFault('http-paging-broken', 'The Link header speaks of a next page, and is no list of links', {
    path: 'query.paging',
  })
}
