import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { failureOf, readContent } from '../testing/read-file.ts'

const columns = [
  { name: 'id', from: '@id', type: 'integer' },
  { name: 'customer', from: 'customer/name' },
  { name: 'city', from: 'customer/@city' },
  { name: 'line', type: 'json' },
]
const query = (more: object = {}, format: object = {}) => ({
  format: { type: 'xml', record: '/orders/order', ...format },
  columns,
  ...more,
})
const orders = (inside: string) => `<?xml version="1.0"?>\n<orders>${inside}</orders>`

test('reads elements, attributes, CDATA and repeated elements', async () => {
  const content = orders(`
    <order id="1"><customer city="K&#xF6;ln"><name>Ada &amp; <![CDATA[<Co>]]></name></customer>
      <line n="1">a</line><line n="2"><part>x</part><part>y</part></line></order>
    <other><order id="9"/></other>
    <!-- none --><order id="2"><customer><name></name></customer><line>b</line></order>
    <order/>`)
  assert.deepEqual(await readContent(content, query()), [
    {
      id: 1n,
      customer: 'Ada & <Co>',
      city: 'Köln',
      line: '[{"@n":"1","#text":"a"},{"@n":"2","part":["x","y"]}]',
    },
    { id: 2n, customer: null, city: null, line: '["b"]' },
    { id: null, customer: null, city: null, line: null },
  ])
})

test('compares names without their prefix, unless the query has one', async () => {
  const content =
    '<n:orders xmlns:n="urn:n" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><n:order xsi:type="x"><n:a>1</n:a></n:order></n:orders>'
  const read = (name: string) =>
    readContent(content, query({ columns: [{ name: 'a', from: name }], otherColumns: 'drop' }))
  assert.deepEqual(await read('a'), [{ a: '1' }])
  assert.deepEqual(await read('n:a'), [{ a: '1' }])
  assert.deepEqual(await read('m:a'), [{ a: null }])
  assert.deepEqual(
    await readContent('<a><b>1</b><c>2</c></a>', {
      format: { type: 'xml', record: 'a/*' },
      columns: [{ name: 'x', from: '.' }],
    }),
    [{ x: '1' }, { x: '2' }],
  )
})

test('reads the encoding that the file declares', async () => {
  const declared = (encoding: string) => `<?xml version="1.0" encoding="${encoding}"?><r><e>é€</e></r>`
  const samples = [
    Buffer.from(declared('UTF-8')),
    Buffer.from(`\ufeff${declared('UTF-8')}`),
    Buffer.from(`\ufeff${declared('UTF-16')}`, 'utf16le'),
    Buffer.from(declared('UTF-16'), 'utf16le').swap16(),
    Buffer.from(declared('ISO-8859-15').replace('€', '\u00a4'), 'latin1'),
  ]
  const values = { format: { type: 'xml', record: '/r/e' }, columns: [{ name: 'e', from: '.' }] }
  for (const bytes of samples) assert.deepEqual(await readContent(bytes, values), [{ e: 'é€' }])
  await failureOf(readContent(declared('x-none'), values), 'file-records-undecodable')
})

test('refuses document types, entities and nesting without end, whatever they would expand to', async () => {
  const laughs = Array.from(
    { length: 9 },
    (_, n) => `<!ENTITY l${n + 1} "&l${n};&l${n};&l${n};&l${n};">`,
  ).join('')
  const hostile: readonly [content: string, message: RegExp][] = [
    [`<!DOCTYPE orders [<!ENTITY l0 "lol">${laughs}]><orders>&l9;</orders>`, /document type/],
    ['<!DOCTYPE orders SYSTEM "file:///etc/passwd"><orders/>', /document type/],
    [orders('&secret;'), /not well-formed: undefined entity/],
    [orders('<a>'.repeat(100_000)), /nested deeper than 256/],
    [orders('<order>'.repeat(100_000)), /what no column takes|nested/],
  ]
  for (const [content, message] of hostile) {
    const error = await readContent(content, query()).then(() => assert.fail('it was read'), String)
    assert.match(error, message)
    assert.doesNotMatch(error, /secret|passwd/)
  }
})

test('says line and byte of what is not well-formed, or too large', async () => {
  for (const [content, message] of [
    [
      '<orders>\n<order id="1"></ordr></orders>',
      /file, line 2, byte 30 is not well-formed: unexpected close tag/,
    ],
    ['<orders><order>', /line 1, byte 15 is not well-formed: unclosed tag/],
    ['', /is not well-formed: document must contain a root element/],
    ['<Orders/>', /has the root element "Orders"/],
  ] as const) {
    const error = await failureOf(readContent(content, query()), 'file-records-malformed')
    assert.match(error.message, message)
  }
  const huge = 'x'.repeat(3 * 1024 * 1024)
  for (const inside of [
    huge,
    `<order><customer><name>${huge}`,
    `<order id="${huge}`,
    `<!--${huge}`,
    `<${huge}`,
  ]) {
    await failureOf(
      readContent(orders(inside), query(), { maxRecordSize: '1MiB' }),
      'file-records-record-too-large',
    )
  }
})

test('names the place of the record whose value does not fit, and never the value', async () => {
  const faults: readonly [inside: string, code: string, message: RegExp][] = [
    [
      '\n<!--é--><order id="1"/>\n<order id="secret"/>',
      'file-records-value-invalid',
      /"id" of file, line 4, byte 56 must be a whole/,
    ],
    [
      '<order id="1"/><order><customer><name>a</name><name>secret</name></customer></order>',
      'file-records-value-invalid',
      /"customer" of file, line 2, byte 45 stands more than once/,
    ],
    [
      '<order><customer><name>a<b>secret</b></name></customer></order>',
      'file-records-value-invalid',
      /has elements within/,
    ],
    [
      '<order><total>secret</total></order>',
      'file-records-columns-differ',
      /no column takes: "element total"/,
    ],
    ['<order nr="secret"/>', 'file-records-columns-differ', /attribute nr/],
    ['<order>secret</order>', 'file-records-columns-differ', /text between elements/],
  ]
  for (const [inside, code, message] of faults) {
    const content = orders(inside)
    const error = await failureOf(readContent(content, query()), code)
    assert.match(error.message, message)
    assert.doesNotMatch(error.message, /secret/)
    if (code === 'file-records-columns-differ') await readContent(content, query({ otherColumns: 'drop' }))
  }
})

test("refuses columns that are in each other's way", async () => {
  const wrong = [
    { columns: undefined },
    { columns: [{ name: 'a' }, { name: 'b', from: 'a' }] },
    {
      columns: [
        { name: 'a', type: 'json' },
        { name: 'b', from: 'a/b' },
      ],
    },
    {
      columns: [
        { name: 'a', from: '@x' },
        { name: 'b', from: '@x' },
      ],
    },
    { columns: [{ name: 'a', from: 'a//b' }] },
  ]
  for (const more of wrong)
    await failureOf(readContent('<orders/>', query(more)), 'file-records-query-invalid')
})

test('reads back what another writer wrote', async () => {
  const text = fc.string({
    unit: fc.constantFrom('<', '&', '"', 'é', '😀', ' ', '\n', ']]>', 'a'),
    maxLength: 8,
  })
  const escape = (value: string) => value.replace(/[<>&"\n]/g, (char) => `&#${char.codePointAt(0)};`)
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(text, text)), async (rows) => {
      const inside = rows.map(([a, b]) => `<order a="${escape(a)}"><b>${escape(b)}</b></order>`).join('\n')
      const read = await readContent(
        orders(inside),
        query({ columns: [{ name: 'a', from: '@a' }, { name: 'b' }], nullTexts: [] }),
      )
      assert.deepEqual(
        read.map((row) => Object.values(row)),
        rows,
      )
    }),
    { numRuns: 40 },
  )
})
