import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isBulkheadError } from './errors.ts'
import { checkSqlParameters, parseSqlText, replaceSqlParameters } from './sql-parameters.ts'

const namesIn = (sql: string): readonly string[] => parseSqlText(sql).names
const rewritten = (sql: string): string => replaceSqlParameters(parseSqlText(sql), (name) => `<${name}>`)

describe('parseSqlText', () => {
  const found: readonly [sql: string, rewritten: string][] = [
    ['SELECT :a', 'SELECT <a>'],
    ['SELECT :a, :b, :a', 'SELECT <a>, <b>, <a>'],
    ['WHERE id=:id AND x IN(:a,:b)', 'WHERE id=<id> AND x IN(<a>,<b>)'],
    ['LIMIT:n', 'LIMIT<n>'],
    ['SELECT :a::int, x::text', 'SELECT <a>::int, x::text'],
    ['SELECT f(x := :a, y:=:b)', 'SELECT f(x := <a>, y:=<b>)'],
    ['SELECT :_a1, :A_b', 'SELECT <_a1>, <A_b>'],
    ['SELECT :größe', 'SELECT <größe>'],
    ["SELECT ':a', :b", "SELECT ':a', <b>"],
    ["SELECT 'it''s :a', :b", "SELECT 'it''s :a', <b>"],
    [String.raw`SELECT 'a\', :b`, String.raw`SELECT 'a\', <b>`],
    [String.raw`SELECT E'a\':b', :c`, String.raw`SELECT E'a\':b', <c>`],
    [String.raw`SELECT e'a\\', :b, 'c'`, String.raw`SELECT e'a\\', <b>, 'c'`],
    [
      String.raw`SELECT E'a' -- x` + '\n' + String.raw`'\':b', :c`,
      String.raw`SELECT E'a' -- x` + '\n' + String.raw`'\':b', <c>`,
    ],
    [String.raw`SELECT E'a' 'b\', :c`, String.raw`SELECT E'a' 'b\', <c>`],
    [String.raw`SELECT nameE'a\', :b`, String.raw`SELECT nameE'a\', <b>`],
    [String.raw`SELECT U&'\0061', N'x', B'0', :b`, String.raw`SELECT U&'\0061', N'x', B'0', <b>`],
    ['SELECT ":a", "b"":c", :d', 'SELECT ":a", "b"":c", <d>'],
    ['SELECT 1 -- :a\n, :b', 'SELECT 1 -- :a\n, <b>'],
    ['SELECT 1 -- :a\r, :b', 'SELECT 1 -- :a\r, <b>'],
    ['SELECT 1 /* :a /* :b */ :c */, :d', 'SELECT 1 /* :a /* :b */ :c */, <d>'],
    ['SELECT 1 /*/ :a */, :b', 'SELECT 1 /*/ :a */, <b>'],
    ['SELECT $$:a$$, :b', 'SELECT $$:a$$, <b>'],
    ['SELECT $x$:a $$ $y$ $x$, :b', 'SELECT $x$:a $$ $y$ $x$, <b>'],
    ['SELECT a$b$:c$b$', 'SELECT a$b$<c>$b$'],
    ['SELECT a[1:2], a[1:n], a[i:n], a[f(1):n]', 'SELECT a[1:2], a[1:n], a[i:n], a[f(1):n]'],
    ['SELECT a[:i], a[:i : :j], a[1: :j]', 'SELECT a[<i>], a[<i> : <j>], a[1: <j>]'],
    ["SELECT {'a': :b, 'c':d, e: :f}", "SELECT {'a': <b>, 'c':d, e: <f>}"],
    ['SELECT a[1]:b', 'SELECT a[1]<b>'],
    ['SELECT ]]:b, a[1:n]', 'SELECT ]]<b>, a[1:n]'],
    ['SELECT :1, : a, :"a", :\'a\'', 'SELECT :1, : a, :"a", :\'a\''],
    ["SELECT 'never ends :a", "SELECT 'never ends :a"],
    ['SELECT /* never ends :a', 'SELECT /* never ends :a'],
    ['SELECT $q$ never ends :a', 'SELECT $q$ never ends :a'],
    ['', ''],
  ]
  for (const [sql, expected] of found)
    it(`reads ${JSON.stringify(sql)}`, () => {
      assert.equal(rewritten(sql), expected)
    })

  it('tells positional parameters and semicolons from those in names, strings and comments', () => {
    const { pieces } = parseSqlText("SELECT $1, a$2, '$3;', $tag$;$4$tag$ -- ; $5\n; SELECT $60;")
    const kinds = pieces.filter(({ kind }) => kind === 'positional' || kind === 'separator')
    assert.deepEqual(
      kinds.map(({ text }) => text),
      ['$1', ';', '$60', ';'],
    )
  })

  const fragment = fc.constantFrom(
    "'", "''", '"', '$', '$$', '$a$', '--', '/*', '*/', '\n', '\r', '\\', ':', '::', ':=', 'a', 'E', 'e', '_', '1',
    ' ', '[', ']', '{', '}', '(', ')', ';', ',', 'é', '😀', '\0',
  ) // prettier-ignore
  const soup = fc.array(fragment, { maxLength: 60 }).map((parts) => parts.join(''))

  it('loses and invents no character, whatever the text', () => {
    fc.assert(
      fc.property(soup, (sql) => {
        const { pieces, names } = parseSqlText(sql)
        assert.equal(pieces.map(({ text }) => text).join(''), sql)
        for (const piece of pieces)
          assert.equal(sql.slice(piece.offset, piece.offset + piece.text.length), piece.text)
        assert.deepEqual(names, [...new Set(pieces.flatMap(({ name }) => name ?? []))])
      }),
    )
  })

  const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/)
  const inert = fc.oneof(
    soup.map((text) => `'${text.replaceAll("'", "''")}'`),
    soup.map((text) => `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`),
    soup.map((text) => `"${text.replaceAll('"', '""')}"`),
    soup.map((text) => `$tag_9$${text}$tag_9$`),
    soup.map((text) => `-- ${text.replaceAll(/[\n\r]/g, ' ')}\n`),
    soup.map((text) => `/* ${text.replaceAll(/\*\/|\/\*|[*/]/g, ' ')} */`),
    fc.constantFrom('SELECT', 'x::text', 'a := 1', '(', ')', '+', '1.5e3', 'foo$1', 'Δ'),
  )

  it('finds exactly the parameters that stand in code', () => {
    const token = fc.oneof(
      inert.map((text) => ({ text, name: undefined })),
      name.map((each) => ({ text: `:${each}`, name: each })),
    )
    fc.assert(
      fc.property(fc.array(token, { maxLength: 30 }), (tokens) => {
        // A comma, because E'…' would go on in a literal after a line break.
        const { pieces } = parseSqlText(tokens.map(({ text }) => text).join(' , '))
        assert.deepEqual(
          pieces.flatMap((piece) => piece.name ?? []),
          tokens.flatMap((each) => each.name ?? []),
        )
      }),
    )
  })

  it('takes time in proportion to the text, also for text made to confuse it', () => {
    const started = performance.now()
    for (const part of ["E'' --a--", '$a', '/*', ':a', "E''\n", '$$', '[{', '--'])
      parseSqlText(part.repeat(100_000))
    assert.ok(performance.now() - started < 5000)
  })
})

describe('checkSqlParameters', () => {
  const failure = (sql: string, values: Record<string, unknown>): unknown => {
    try {
      checkSqlParameters(parseSqlText(sql), values)
    } catch (error) {
      assert.ok(isBulkheadError(error))
      return { code: error.code, kind: error.kind, path: error.path }
    }
    return undefined
  }

  it('accepts exactly the values that the query names, null included', () => {
    assert.equal(failure('SELECT :a, :b, :a', { a: null, b: [] }), undefined)
    assert.equal(failure('SELECT 1', {}), undefined)
  })
  it('refuses a name without value, also one that every object inherits', () => {
    const missing = { code: 'parameter-missing', kind: 'config', path: 'query' }
    assert.deepEqual(failure('SELECT :a', {}), missing)
    assert.deepEqual(failure('SELECT :a', { a: undefined }), missing)
    assert.deepEqual(failure('SELECT :constructor', {}), missing)
  })
  it('refuses a value that the query does not use', () => {
    const unknown = { code: 'parameter-unknown', kind: 'config', path: 'parameters.b' }
    assert.deepEqual(failure("SELECT :a, ':b'", { a: 1, b: 2 }), unknown)
  })
})

it('finds every name once, in order', () => {
  assert.deepEqual(namesIn('SELECT :b, :a, :b'), ['b', 'a'])
})
