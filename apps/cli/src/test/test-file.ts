import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from '@bulkhead/connector-sdk'
import { checkedBy, fault, preparedSchema } from '@bulkhead/contract'
import { readApplicationFile } from '@bulkhead/engine/application/application-files'
import { readYaml } from '@bulkhead/engine/application/yaml-document'

const rows = z.array(z.record(z.string(), z.unknown())).max(10_000)

/** Rows in place of those that the query would have found. */
export const fixtureSchema = z
  .strictObject({
    rows: rows.optional(),
    file: z.string().max(200).optional(),
    types: z.record(z.string(), z.string()).optional(),
  })
  .refine(({ rows: given, file }) => (given === undefined) !== (file === undefined), 'must have rows or file')

/**
 * One file of `tests/`: a request, how flags stand, what an endpoint would have prepared, the rows that the query would have
 * found, and what must come of it.
 */
export const testFileSchema = z.strictObject({
  description: z.string().max(500).optional(),
  request: z.record(z.string(), z.unknown()),
  flags: z.record(z.string(), z.union([z.boolean(), z.number(), z.string().max(200)])).optional(),
  prepared: z.record(z.string(), z.unknown()).optional(),
  source: fixtureSchema.optional(),
  expect: z
    .strictObject({
      rows: rows.optional(),
      file: z.string().max(200).optional(),
      error: z
        .union([z.string(), z.strictObject({ code: z.string(), path: z.string().optional() })])
        .optional(),
      prepared: preparedSchema.optional(),
    })
    .refine(({ prepared, ...outcome }) => {
      const outcomes = Object.values(outcome).filter((value) => value !== undefined).length
      return outcomes === 1 || (outcomes === 0 && prepared !== undefined)
    }, 'must have one of rows, file and error, or prepared'),
})

export type Fixture = z.output<typeof fixtureSchema>
export type TestFile = z.output<typeof testFileSchema>

export interface ApplicationTest {
  /** The file without ending. */
  readonly name: string
  /** Below the application's folder: `tests/NAME.yaml`. */
  readonly path: string
}

/** The tests of an application, by name. An application without any has none. */
export async function listTests(folder: string): Promise<readonly ApplicationTest[]> {
  const files = await readdir(join(folder, 'tests')).catch(() => [])
  return files
    .filter((file) => /\.ya?ml$/.test(file))
    .toSorted()
    .map((file) => ({ name: file.replace(/\.ya?ml$/, ''), path: `tests/${file}` }))
}

/** @throws BulkheadError `manifest-unreadable`, `manifest-invalid` with every fault */
export async function readTest(folder: string, test: ApplicationTest): Promise<TestFile> {
  const text = await readFile(join(folder, test.path), 'utf8')
  const document = readYaml(text, test.path)
  return checkedBy(testFileSchema, document.value, {
    code: 'manifest-invalid',
    place: (path) => document.placeOf(path),
  })
}

/**
 * Rows of a fixture, from its file where it names one: `.json` and `.yaml` a list, `.jsonl` one object a line.
 * @throws BulkheadError `file-not-found`, `file-outside-application`, `manifest-unreadable`
 */
export async function fixtureRows(
  { file, rows: given = [] }: Fixture,
  folder: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return file === undefined ? given : readRows(folder, file)
}

async function readRows(folder: string, path: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const text = await readText(folder, path)
  const parsed = rows.safeParse(parseRows(text, path))
  if (parsed.success) return parsed.data
  throw fault('manifest-unreadable', `${path} is no list of at most 10,000 rows`, {
    path,
    fix: 'Write a list of objects, each a row',
  })
}

/** Text of a file of the application. */
export async function readText(folder: string, path: string): Promise<string> {
  return new TextDecoder().decode((await readApplicationFile(folder, path)).bytes)
}

function parseRows(text: string, path: string): unknown {
  const ending = path.slice(path.lastIndexOf('.') + 1)
  try {
    if (ending === 'json') return JSON.parse(text)
    if (ending === 'jsonl')
      return text
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => JSON.parse(line) as unknown)
  } catch (cause) {
    throw fault('manifest-unreadable', `${path} is not JSON`, { path, cause })
  }
  if (ending === 'yaml' || ending === 'yml') return readYaml(text, path).value
  throw fault('manifest-unreadable', `${path} has an ending that holds no rows`, {
    path,
    fix: 'Use .json, .jsonl or .yaml',
  })
}
