/**
 * `npm run generate`: writes what is made from the schemas: connector.json of every connector, the
 * published JSON Schemas, docs/reference, the tables of settings in the READMEs of the connectors, and
 * the locks of the examples.
 *
 * `npm run generate -- --check` writes nothing, and fails when a file is not what it would be.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { generatedFiles } from './generate/outputs.ts'

const root = resolve(import.meta.dirname, '..')
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })

const stale = [...(await generatedFiles(root))].filter(([path, text]) => current(path) !== text)
for (const [path, text] of stale) {
  console.log(`${values.check ? 'stale' : 'wrote'}  ${path}`)
  if (values.check) continue
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}
if (stale.length === 0) console.log('Everything is up to date')
if (values.check && stale.length > 0) {
  console.error('Run `npm run generate`, and commit what it writes')
  process.exitCode = 1
}

function current(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8')
  } catch {
    return undefined
  }
}
