import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import readWorkbook from 'read-excel-file/node'
import { bulkhead, checkout, filesBelow, json, temporaryFolder } from './command.ts'

const data = join(checkout, 'node_modules/vega-datasets/data')

test('a file is copied as it is, packed, unpacked and converted, to exactly the place that is named', async (t) => {
  const folder = temporaryFolder(t)
  const airports = join(data, 'airports.csv')
  const copy = async (from: string, to: string): Promise<Record<string, unknown>> =>
    json(await bulkhead(['copy', from, to, '--json'], { folder }))
  const original = readFileSync(airports)

  const same = await copy(airports, 'same.csv')
  assert.deepEqual([same['rows'], same['bytes'], same['format']], [null, original.length, 'binary'])
  assert.equal(same['to'], `file://${folder}/same.csv`)
  assert.ok(readFileSync(join(folder, 'same.csv')).equals(original))

  await copy(airports, 'packed.csv.gz')
  assert.ok(gunzipSync(readFileSync(join(folder, 'packed.csv.gz'))).equals(original))
  const unpacked = await copy('packed.csv.gz', 'unpacked.csv')
  assert.equal(unpacked['rows'], 3376)
  assert.deepEqual(parse(readFileSync(join(folder, 'unpacked.csv'))), parse(original))

  await copy(airports, 'airports.parquet')
  await copy('airports.parquet', 'airports.jsonl')
  const lines = readFileSync(join(folder, 'airports.jsonl'), 'utf8').trimEnd().split('\n')
  assert.equal(lines.length, 3376)
  assert.deepEqual(Object.keys(JSON.parse(lines[0] ?? '') as object), parse(original)[0])
  assert.deepEqual(filesBelow(folder), [
    'airports.jsonl',
    'airports.parquet',
    'packed.csv.gz',
    'same.csv',
    'unpacked.csv',
  ])
})

test('a table becomes Avro or Excel, which are copied on as they are and not read', async (t) => {
  const folder = temporaryFolder(t)
  for (const [to, magic] of [
    ['airports.avro', 'Obj\u0001'],
    ['airports.xlsx', 'PK\u0003\u0004'],
  ] as const) {
    const made = json(await bulkhead(['copy', join(data, 'airports.csv'), to, '--json'], { folder }))
    assert.deepEqual([made['rows'], made['format']], [3376, to.slice('airports.'.length)])
    const bytes = readFileSync(join(folder, to))
    assert.equal(bytes.toString('latin1', 0, 4), magic)
    const same = json(await bulkhead(['copy', to, `again-${to}`, '--json'], { folder }))
    assert.equal(same['format'], 'binary')
    assert.ok(readFileSync(join(folder, `again-${to}`)).equals(bytes))
    const refused = await bulkhead(['copy', to, 'x.csv'], { folder })
    assert.equal(refused.code, 2)
    assert.match(refused.stderr, /can be written, and not read/)
  }
  const [sheet] = await readWorkbook(join(folder, 'airports.xlsx'))
  assert.equal(sheet?.data.length, 3377)
  assert.deepEqual(sheet.data[0], parse(readFileSync(join(data, 'airports.csv')))[0])
})

test('a query chooses, over the table called input', async (t) => {
  const folder = temporaryFolder(t)
  const query = 'SELECT state, count(*) AS n FROM input GROUP BY ALL ORDER BY n DESC, state LIMIT 2'
  const { code, stdout, stderr } = await bulkhead(
    ['copy', join(data, 'airports.csv'), 'top.csv', '--query', query],
    {
      folder,
    },
  )
  assert.equal(code, 0)
  assert.doesNotMatch(stderr, /error|warning/) // on a slow machine it tells of its progress
  assert.match(stdout, /^✓ 2 rows, \d+ B in /)
  assert.equal(readFileSync(join(folder, 'top.csv'), 'utf8'), 'state,n\nAK,263\nTX,209\n')
})

test('what is there is replaced only on demand, at once, and never by half a copy', async (t) => {
  const folder = temporaryFolder(t)
  const target = join(folder, 'a.csv')
  writeFileSync(target, 'old')
  const source = join(data, 'seattle-weather.csv')
  const refused = await bulkhead(['copy', source, 'a.csv'], { folder })
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /a\.csv is there already\n[^]*--force/)
  const broken = await bulkhead(
    ['copy', source, 'a.csv', '--force', '--query', 'SELECT error(date) FROM input'],
    { folder },
  )
  assert.notEqual(broken.code, 0)
  assert.equal(readFileSync(target, 'utf8'), 'old')
  const replaced = json(await bulkhead(['copy', source, 'a.csv', '--force', '--json'], { folder }))
  assert.equal(replaced['to'], `file://${target}`)
  assert.ok(readFileSync(target).equals(readFileSync(source)))
  assert.deepEqual(filesBelow(folder), ['a.csv'])
})

test('a password on the command line is refused, and told to nobody', async () => {
  for (const url of ['postgres://u:hunter2@db/x?query=SELECT 1', 's3://AKIA:hunter2@bucket/x.csv']) {
    const { code, stdout, stderr } = await bulkhead(['copy', url, 'x.csv', '--log-level', 'debug'])
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, /code: url-credentials-refused\n {2}path: FROM\n {2}fix: {2}Take them out/)
    assert.doesNotMatch(stderr, /hunter2/)
  }
})

test('a copy that fails says why once, with the exit code of its cause', async (t) => {
  const folder = temporaryFolder(t)
  for (const [args, code] of [
    [['nowhere.csv', 'x.parquet'], /duckdb-file-missing/],
    [['nowhere.png', 'x.png'], /files-not-found/],
    [[join(data, 'airports.csv'), 'not/there/x.csv'], /files-folder-missing/],
    [
      [join(data, 'airports.csv'), 'x.parquet', '--query', 'SELECT nothing FROM input'],
      /duckdb-query-invalid/,
    ],
  ] as const) {
    const ended = await bulkhead(['copy', ...args], { folder })
    assert.deepEqual([ended.code, ended.stdout], [2, ''], ended.stderr)
    assert.equal(ended.stderr.match(/^error: /gm)?.length, 1)
    assert.match(ended.stderr, code)
  }
  assert.deepEqual(filesBelow(folder), [])
})
