import assert from 'node:assert/strict'
import { createWriteStream } from 'node:fs'
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { after } from 'node:test'
import { settingsRecords, sourceKit, storeKit } from '@bulkhead/connector-sdk/testing'
import files from './index.ts'

const folder = await mkdtemp(join(tmpdir(), 'bulkhead-files-kit-'))
after(() => rm(folder, { recursive: true }))
const input = join(folder, 'in')
const output = join(folder, 'out')
await mkdir(join(input, 'sub'), { recursive: true })
await mkdir(output)
await writeFile(join(input, 'b.csv'), 'b\n')
await writeFile(join(input, 'a.csv'), 'a\r\n')
await writeFile(join(input, 'empty.csv'), '')
const growing = join(input, 'growing.csv')
await writeFile(growing, 'more\n'.repeat(10_000))
await writeFile(join(input, 'sub', 'c.bin'), Buffer.from([0, 255, 13, 10]))
await pipeline(
  Readable.from(Array.from({ length: 40 }, () => Buffer.alloc(1024 * 1024, 'x'))),
  createWriteStream(join(input, 'large.bin')),
)

const binary = (contents: Record<string, string | Uint8Array>) => [
  { format: 'binary' as const, files: contents },
]
const wrongConfigs = [
  { title: 'no folder', config: {} },
  {
    title: 'a folder that is not there',
    config: { folder: join(folder, 'nowhere') },
    code: 'files-folder-missing',
  },
  { title: 'a file as folder', config: { folder: join(input, 'a.csv') }, code: 'files-folder-missing' },
  { title: 'a relative folder', config: { folder: 'somewhere' }, code: 'files-folder-relative' },
]

const surroundings = {
  connector: files,
  wrongConfigs,
  system: 'a folder of the local disk',
  wrongPassword: { cannot: 'It has no secrets' },
  network: { cannot: 'It opens no connection' },
  settings: settingsRecords(new URL('../settings/', import.meta.url)),
}

sourceKit({
  ...surroundings,
  config: { folder: input },
  cases: [
    { title: 'one file', query: { path: 'a.csv' }, bytes: binary({ 'a.csv': 'a\r\n' }) },
    { title: 'an empty file', query: { path: 'empty.csv' }, bytes: binary({ 'empty.csv': '' }) },
    {
      title: 'files in order',
      query: { path: '[ab].csv' },
      bytes: binary({ 'a.csv': 'a\r\n', 'b.csv': 'b\n' }),
    },
    {
      title: 'a list from a parameter',
      query: { path: { $param: 'paths' } },
      parameters: { paths: ['sub/*', 'a.csv'] },
      bytes: binary({ 'sub/c.bin': Buffer.from([0, 255, 13, 10]), 'a.csv': 'a\r\n' }),
    },
  ],
  textParameters: [
    {
      title: 'a path',
      query: { path: { $param: 'path' } },
      parameters: { path: 'a.csv' },
      takesPatterns: true,
    },
    {
      title: 'a list of paths',
      query: { path: { $param: 'paths' } },
      parameters: { paths: ['a.csv'] },
      takesPatterns: true,
    },
  ],
  wrongQueries: [
    { title: 'no path', query: {}, code: 'files-query-invalid' },
    { title: 'text', query: 'a.csv', code: 'files-query-invalid' },
    { title: 'a missing file', query: { path: 'c.csv' }, code: 'files-not-found' },
    { title: 'a pattern without match', query: { path: '**/*.parquet' }, code: 'files-not-found' },
    { title: 'a way out', query: { path: '../out/*' }, code: 'files-outside-folder' },
  ],
  large: { query: { path: 'large.bin' } },
  types: { cannot: 'It copies files as they are, and knows no types' },
  changing: { query: { path: 'growing.csv' }, change: () => appendFile(growing, 'more\n') },
  atWork: { cannot: 'It asks no system for work' },
})

storeKit({
  ...surroundings,
  config: { folder: output },
  async read(key) {
    try {
      return await readFile(join(output, key))
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOENT')
      return undefined
    }
  },
  everything: () => readdir(output, { recursive: true }),
})
