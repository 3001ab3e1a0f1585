import { appendFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { settingsRecords, sourceKit } from '@bulkhead/connector-sdk/testing'
import duckdb from './index.ts'
import { typeCases } from './type-cases.test-support.ts'

const folder = await mkdtemp(join(tmpdir(), 'bulkhead-duckdb-kit-'))
after(() => rm(folder, { recursive: true }))
await writeFile(join(folder, 'people.csv'), 'id,name,born\n1,Ada,1815-12-10\n2,"Grace, H.",1906-12-09\n3,,\n')
await writeFile(
  join(folder, 'events.jsonl'),
  '{"at":"2026-01-02T03:04:05","tags":["a","b"]}\n{"at":null,"tags":[]}\n',
)
await writeFile(join(folder, 'broken.parquet'), 'PAR1 and nothing else')
const growing = join(folder, 'growing.csv')
await writeFile(growing, `i\n${Array.from({ length: 20_000 }, (_, i) => `${i}\n`).join('')}`)
const files = {
  growing: { path: 'growing.csv' },
  people: { path: 'people.csv' },
  events: { path: 'events.jsonl' },
}

sourceKit({
  connector: duckdb,
  system: 'DuckDB 1.5.6, inside the process',
  wrongPassword: { cannot: 'It has no secrets' },
  network: { cannot: 'It opens no connection' },
  settings: settingsRecords(new URL('../settings/', import.meta.url)),
  types: typeCases,
  changing: { query: 'FROM growing', change: () => appendFile(growing, '20000\n') },
  atWork: { cannot: 'It works inside the process, and stops with the query' },
  config: { folder, files },
  wrongConfigs: [
    { title: 'no files', config: {} },
    {
      title: 'a folder that is not there',
      config: { folder: join(folder, 'x'), files },
      code: 'duckdb-folder-missing',
    },
    { title: 'a relative folder', config: { folder: 'x', files }, code: 'duckdb-folder-relative' },
    {
      title: 'a missing file',
      config: { folder, files: { a: { path: 'a.csv' } } },
      code: 'duckdb-file-missing',
    },
    { title: 'a way out', config: { folder, files: { a: { path: '../*' } } }, code: 'duckdb-file-outside' },
    {
      title: 'a broken file',
      config: { folder, files: { b: { path: 'broken.parquet' } } },
      code: 'duckdb-file-invalid',
    },
    {
      title: 'two sources',
      config: { folder, files: { a: { path: 'a', connection: 'b' } } },
      code: 'duckdb-config-invalid',
    },
    {
      title: 'a name of two',
      config: { folder, files: { a: { path: 'people.csv' }, A: { path: 'people.csv' } } },
      code: 'duckdb-config-invalid',
    },
    { title: 'an unknown ending', config: { folder, files: { a: { path: 'peop*' } }, memoryLimit: 'a lot' } },
  ],
  cases: [
    {
      title: 'CSV',
      query: 'SELECT * FROM people ORDER BY id',
      fields: [
        { name: 'id', type: { kind: 'integer', bits: 64 } },
        { name: 'name', type: { kind: 'text' } },
        { name: 'born', type: { kind: 'date' } },
      ],
      rows: [
        { id: 1n, name: 'Ada', born: '1815-12-10' },
        { id: 2n, name: 'Grace, H.', born: '1906-12-09' },
        { id: 3n, name: null, born: null },
      ],
    },
    {
      title: 'JSON Lines',
      query: 'FROM events;',
      rows: [
        { at: '2026-01-02 03:04:05', tags: '["a","b"]' },
        { at: null, tags: '[]' },
      ],
    },
    {
      title: 'parameters',
      query: 'SELECT id, :label AS label, id + :more AS sum FROM people WHERE born > :born -- :comment',
      parameters: { label: 'é', more: 10, born: '1900-01-01' },
      rows: [{ id: 2n, label: 'é', sum: 12n }],
    },
  ],
  textParameters: [
    { title: 'a condition', query: 'SELECT id FROM people WHERE name = :name', parameters: { name: 'Ada' } },
    {
      title: 'a date',
      query: 'SELECT id FROM people WHERE born = :born',
      parameters: { born: '1815-12-10' },
    },
    {
      title: 'a text between others',
      query: "SELECT 'a'':x' || /* :y ' */ :value || $x$':z'$x$ AS value",
      parameters: { value: 'é' },
      echo: ({ value }) => String(value).slice(4, -4),
    },
  ],
  wrongQueries: [
    { title: 'no SQL', query: 'SELEC 1', code: 'duckdb-query-invalid' },
    { title: 'nothing', query: ' -- nothing', code: 'duckdb-query-not-select' },
    { title: 'an unknown table', query: 'SELECT * FROM peple', code: 'duckdb-query-invalid' },
    { title: 'an unknown column', query: 'SELECT nam FROM people', code: 'duckdb-query-invalid' },
    { title: 'two statements', query: 'SELECT 1; SELECT 2', code: 'duckdb-query-not-select' },
    { title: 'no SELECT', query: 'CREATE TABLE t (a int)', code: 'duckdb-query-not-select' },
    { title: 'another file', query: "SELECT * FROM read_text('/etc/passwd')", code: 'duckdb-query-refused' },
    { title: 'an object', query: { path: 'people.csv' }, code: 'duckdb-query-invalid' },
    { title: 'VARIANT', query: 'SELECT 1::VARIANT AS v', code: 'duckdb-type-unsupported' },
  ],
  large: { query: "SELECT i, repeat('x', 1000) || i AS text FROM range(40000) t(i)" },
  slow: { query: 'SELECT count(*) FROM range(1000000) a(i), range(1000000) b(j) WHERE (i * j) % 7 = 3' },
  writes: [
    { query: `COPY people TO '${folder}/stolen.csv'` },
    { query: `COPY people TO '${folder}/people.csv'` },
    { query: `EXPORT DATABASE '${folder}/dump'` },
    { query: `ATTACH '${folder}/new.db' AS other` },
    { query: 'INSERT INTO people VALUES (4, NULL, NULL)' },
  ],
  unchanged: async () => (await readdir(folder)).length === 4,
})
