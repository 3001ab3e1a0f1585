import assert from 'node:assert/strict'
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { bulkhead, checkout, filesBelow, json, temporaryFolder } from './command.ts'

const examples = readdirSync(join(checkout, 'examples')).filter((name) =>
  existsSync(join(checkout, 'examples', name, 'application.yaml')),
)

interface Reply {
  readonly data: {
    readonly status: string
    readonly result: {
      readonly rows: number
      readonly bytes: number
      readonly files: readonly { readonly location: string; readonly bytes: number; readonly rows: number }[]
    }
  }
}

test('there are examples', () => {
  assert.ok(examples.length >= 4)
})

for (const name of examples) {
  test(`the example ${name} is valid, and its lock is what is installed`, async () => {
    const { code, stdout, stderr } = await bulkhead(['validate', `examples/${name}`, '--json'])
    assert.equal(code, 0, stderr)
    assert.deepEqual((JSON.parse(stdout) as { warnings: unknown }).warnings, [])
    assert.equal((await bulkhead(['lock', `examples/${name}`, '--check'])).code, 0)
  })

  test(`the tests of the example ${name} pass, from any folder`, async () => {
    const { code, stdout, stderr } = await bulkhead(['test', join(checkout, 'examples', name)], {
      folder: '/',
    })
    assert.equal(code, 0, stdout + stderr)
    assert.match(stdout, /\n\d+ passed, 0 failed\n$/)
  })

  test(`every environment of the example ${name} is valid once its variables are set`, async () => {
    const folder = join(checkout, 'examples', name, 'environments')
    for (const file of existsSync(folder) ? readdirSync(folder) : []) {
      const text = readFileSync(join(folder, file), 'utf8')
      const listed = /^ {2}env:\s*\[([^\]]*)\]/m.exec(text)?.[1] ?? ''
      const variables = listed.match(/\w+/g) ?? []
      const values = variables.map((variable) => [variable, valueFor(variable)])
      const { code, stderr } = await bulkhead(
        ['validate', `examples/${name}`, '--environment', file.replace('.yaml', '')],
        { environment: Object.fromEntries(values) as Record<string, string> },
      )
      assert.equal(code, 0, stderr)
    }
  })
}

/** Something that such a variable may hold. */
function valueFor(variable: string): string {
  if (variable.endsWith('PORT')) return '5432'
  if (variable.endsWith('TLS')) return 'verify-full'
  if (variable.endsWith('ENDPOINT')) return 'https://store.example.com'
  return variable.endsWith('REGION') ? 'eu-central-1' : 'example'
}

test('the example flights maps every departure row by row, into a file that says what the reply says', async (t) => {
  const out = temporaryFolder(t)
  const ended = await bulkhead([
    'run',
    '--application',
    'examples/flights',
    '-p',
    'airport=SEA',
    '--out',
    out,
  ])
  assert.equal(ended.code, 0, ended.stderr)
  const { status, result } = json<Reply>(ended).data
  const [file] = result.files
  assert.equal(status, 'completed')
  const packed = readFileSync(new URL(file?.location ?? ''))
  assert.equal(packed.length, file?.bytes)
  const rows = parse<Record<string, string>>(gunzipSync(packed).toString(), { columns: true })
  assert.deepEqual([rows.length, result.rows], [50_231, 50_231])
  assert.deepEqual(Object.keys(rows[0] ?? {}), [
    'departure',
    'destination',
    'airport',
    'place',
    'kilometres',
    'delay',
    'verdict',
  ])
  for (const { delay, verdict } of rows)
    assert.equal(verdict, Number(delay) < 0 ? 'early' : Number(delay) >= 15 ? 'late' : 'on time')
})

test('the example data-desk answers an ad hoc CloudEvent with three million rows', async (t) => {
  const out = temporaryFolder(t)
  const request = 'examples/data-desk/requests/all-flights.json'
  const ended = await bulkhead([
    'run',
    '--application',
    'examples/data-desk',
    '--request',
    request,
    '--out',
    out,
  ])
  assert.equal(ended.code, 0, ended.stderr)
  const { result } = json<Reply>(ended).data
  const text = zstdDecompressSync(readFileSync(new URL(result.files[0]?.location ?? '')))
  let lines = 0
  for (let at = text.indexOf(10); at >= 0; at = text.indexOf(10, at + 1)) lines += 1
  assert.deepEqual([lines, result.rows], [3_000_001, 3_000_000])
})

test('the environment of the example flights reads the same data from elsewhere', async (t) => {
  const folder = temporaryFolder(t)
  cpSync(join(checkout, 'examples/flights'), join(folder, 'flights'), { recursive: true })
  const environment = { FLIGHTS_DATA: join(checkout, 'node_modules/vega-datasets/data') }
  const args = [
    'preview',
    'flights',
    '--environment',
    'elsewhere',
    '-p',
    'airport=SEA',
    '--rows',
    '3',
    '--json',
  ]
  const there = json<{ rows: unknown[] }>(await bulkhead(args, { folder, environment }))
  const here = json<{ rows: unknown[] }>(
    await bulkhead(['preview', 'examples/flights', '-p', 'airport=SEA', '--rows', '3', '--json']),
  )
  assert.equal(there.rows.length, 3)
  assert.deepEqual(there.rows, here.rows)
})

test('a new application is valid, passes its tests with and without its data, and runs', async (t) => {
  const folder = temporaryFolder(t)
  const made = json<{ next: string[]; files: string[] }>(
    await bulkhead(['init', 'my-shop', '--json'], { folder }),
  )
  assert.deepEqual(made.files, filesBelow(join(folder, 'my-shop')))
  assert.match((await bulkhead(['validate', 'my-shop'], { folder })).stdout, /✓ my-shop is valid/)
  assert.equal((await bulkhead(['test', 'my-shop', '--real'], { folder })).code, 0)
  for (const command of made.next) {
    const [program, ...args] = command.split(' ')
    assert.equal(program, 'bulkhead')
    const { code, stderr } = await bulkhead(args, { folder })
    assert.equal(code, 0, `${command}: ${stderr}`)
  }
  const [sales] = filesBelow(join(folder, 'my-shop/results'))
  assert.equal(
    readFileSync(join(folder, 'my-shop/results', sales ?? ''), 'utf8'),
    'sold,article,pieces,total\n2026-01-05,"chair, red",4,482.00\n2026-01-05,lamp,2,78.00\n2026-02-14,table,1,310.00\n',
  )
  const again = await bulkhead(['init', 'my-shop'], { folder })
  assert.equal(again.code, 2)
  assert.match(again.stderr, /is not empty/)
})

test('a test that fails says which row and column, and ends with 4', async (t) => {
  const folder = temporaryFolder(t)
  await bulkhead(['init', 'shop'], { folder })
  const file = join(folder, 'shop/tests/year.yaml')
  writeFileSync(file, readFileSync(file, 'utf8').replace('total: 482', 'total: 481'))
  writeFileSync(join(folder, 'shop/tests/broken.yaml'), 'request: { job: sales }\nexpected: {}\n')
  const { code, stdout } = await bulkhead(['test', 'shop'], { folder })
  assert.equal(code, 4)
  assert.match(stdout, /✗ year .*\n {4}row 1, total: expected 481, got 482\n/)
  assert.match(stdout, /✗ broken .*\n[^]* {4}error: `expected` is not known; did you mean `expect`\?/)
  assert.match(stdout, /\n1 passed, 2 failed\n$/)
})
