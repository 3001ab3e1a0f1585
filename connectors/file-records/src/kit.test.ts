import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { settingsRecords, sourceKit } from '@bulkhead/connector-sdk/testing'
import fileRecords from './index.ts'
import { typeCases, typeFiles } from './testing/type-cases.ts'

const folder = await mkdtemp(join(tmpdir(), 'bulkhead-file-records-kit-'))
after(() => rm(folder, { recursive: true }))
const put = (name: string, content: string | Uint8Array) => writeFile(join(folder, name), content)
await put('people.csv', 'id;name;born\n1;Ada;10.12.1815\n2;"Grace; ""H.""";09.12.1906\n3;;\n')
await put('more.csv', 'id;name;born\n4;"";01.01.2000\n')
await put('others.csv', 'id;name\n5;x\n')
for (const [name, content] of typeFiles) await put(name, content)
const growing = join(folder, 'growing.csv')
await writeFile(growing, `i\n${Array.from({ length: 20_000 }, (_, i) => `${i}\n`).join('')}`)
const row = `${'x'.repeat(1000)}\n`
await put('large.csv', `i,text\n${Array.from({ length: 40_000 }, (_, i) => `${i},${row}`).join('')}`)

const format = { type: 'delimited', delimiter: ';' }
const columns = [
  { name: 'id', type: 'integer' },
  { name: 'name' },
  { name: 'birth', from: 'born', type: 'date', pattern: 'dd.MM.yyyy' },
]

sourceKit({
  connector: fileRecords,
  system: 'files of this machine',
  wrongPassword: { cannot: 'It has no secrets' },
  network: { cannot: 'It opens no connection' },
  atWork: { cannot: 'It works inside the process, and stops with the query' },
  settings: settingsRecords(new URL('../settings/', import.meta.url)),
  types: typeCases,
  changing: {
    query: { path: 'growing.csv', format: { type: 'delimited' } },
    change: () => appendFile(growing, '20000\n'),
  },
  config: { folder },
  wrongConfigs: [
    { title: 'nothing', config: {}, code: 'file-records-settings-invalid' },
    { title: 'both', config: { folder, connection: 'x' }, code: 'file-records-settings-invalid' },
    {
      title: 'a folder that is not there',
      config: { folder: join(folder, 'x') },
      code: 'file-records-folder-missing',
    },
    { title: 'a relative folder', config: { folder: 'x' }, code: 'file-records-folder-relative' },
    { title: 'a size that is none', config: { folder, maxFileSize: 'a lot' } },
    {
      title: 'a record of any size',
      config: { folder, maxRecordSize: '1GiB' },
      code: 'file-records-settings-invalid',
    },
  ],
  cases: [
    {
      title: 'declared columns of two files',
      query: { path: ['people.csv', 'more.csv'], format, columns },
      fields: [
        { name: 'id', type: { kind: 'integer', bits: 64 } },
        { name: 'name', type: { kind: 'text' } },
        { name: 'birth', type: { kind: 'date' } },
      ],
      rows: [
        { id: 1n, name: 'Ada', birth: '1815-12-10' },
        { id: 2n, name: 'Grace; "H."', birth: '1906-12-09' },
        { id: 3n, name: null, birth: null },
        { id: 4n, name: '', birth: '2000-01-01' },
      ],
    },
    {
      title: 'parameters',
      query: {
        path: { $param: 'file' },
        format: { ...format, delimiter: { $param: 'delimiter' } },
        columns: [{ name: 'name' }],
        otherColumns: { $param: 'others' },
      },
      parameters: { file: ['more.csv'], delimiter: ';', others: 'drop' },
      rows: [{ name: '' }],
    },
    {
      title: 'columns as the file names them',
      query: { path: 'more.csv', format },
      rows: [{ id: '4', name: '', born: '01.01.2000' }],
    },
  ],
  textParameters: [
    {
      title: 'a path',
      query: { path: { $param: 'file' }, format, columns },
      parameters: { file: 'people.csv' },
      takesPatterns: true,
    },
    {
      title: 'a list of paths',
      query: { path: { $param: 'files' }, format, columns },
      parameters: { files: ['people.csv'] },
      takesPatterns: true,
    },
    {
      title: 'a delimiter',
      query: {
        path: 'people.csv',
        format: { type: 'delimited', delimiter: { $param: 'delimiter' } },
        columns,
      },
      parameters: { delimiter: ';' },
    },
    {
      title: 'an encoding',
      query: { path: 'people.csv', format: { ...format, encoding: { $param: 'encoding' } }, columns },
      parameters: { encoding: 'utf-8' },
    },
    {
      title: 'a name in the file',
      query: {
        path: 'people.csv',
        format,
        columns: [{ name: 'name', from: { $param: 'from' } }],
        otherColumns: 'drop',
      },
      parameters: { from: 'name' },
    },
    {
      title: 'a pattern of dates',
      query: {
        path: 'more.csv',
        format,
        columns: [{ name: 'born', type: 'date', pattern: { $param: 'pattern' } }],
        otherColumns: 'drop',
      },
      parameters: { pattern: 'dd.MM.yyyy' },
    },
    {
      title: 'a name of the result',
      query: {
        path: 'more.csv',
        format,
        columns: [{ name: { $param: 'name' }, from: 'born' }],
        otherColumns: 'drop',
      },
      parameters: { name: 'born' },
      echo: (row) => Object.keys(row)[0],
    },
  ],
  wrongQueries: [
    { title: 'no format', query: { path: 'people.csv' }, code: 'file-records-query-invalid' },
    { title: 'a text', query: 'people.csv', code: 'file-records-query-invalid' },
    { title: 'no path', query: { format }, code: 'file-records-query-invalid' },
    {
      title: 'what to fetch',
      query: { fetch: {}, path: 'people.csv', format },
      code: 'file-records-query-invalid',
    },
    { title: 'no such file', query: { path: 'peple.csv', format }, code: 'file-records-not-found' },
    { title: 'a way out', query: { path: '../*.csv', format }, code: 'file-records-outside-folder' },
    {
      title: 'a parameter that leads out',
      query: { path: { $param: 'file' }, format },
      parameters: { file: '../people.csv' },
      code: 'file-records-outside-folder',
    },
    {
      title: 'a parameter that is no encoding',
      query: { path: 'people.csv', format: { ...format, encoding: { $param: 'encoding' } } },
      parameters: { encoding: 'x-none' },
      code: 'file-records-query-invalid',
    },
    {
      title: 'a column that is not there',
      query: { path: 'people.csv', format, columns: [{ name: 'nam' }] },
      code: 'file-records-columns-differ',
    },
    {
      title: 'a column that is not listed',
      query: { path: 'people.csv', format, columns: columns.slice(1) },
      code: 'file-records-columns-differ',
    },
    {
      title: 'an unknown type',
      query: { path: 'people.csv', format, columns: [{ name: 'id', type: 'number' }] },
      code: 'file-records-query-invalid',
    },
    {
      title: 'a pattern that means nothing',
      query: { path: 'people.csv', format, columns: [{ name: 'id', type: 'date', pattern: 'QQ' }] },
      code: 'file-records-query-invalid',
    },
    {
      title: 'no header and no columns',
      query: { path: 'people.csv', format: { ...format, header: false } },
      code: 'file-records-query-invalid',
    },
    {
      title: 'a delimiter with the quote',
      query: { path: 'people.csv', format: { ...format, delimiter: '"' } },
      code: 'file-records-query-invalid',
    },
  ],
  large: { query: { path: 'large.csv', format: { type: 'delimited' } } },
})
