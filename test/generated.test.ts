/** What is generated is what would be generated now. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { generatedFiles } from '../scripts/generate/outputs.ts'

const root = join(import.meta.dirname, '..')

test('no generated file is stale: `npm run generate` would change nothing', async () => {
  const files = await generatedFiles(root)
  assert.ok(files.has('docs/reference/errors.md') && files.has('packages/contract/schemas/request.v1.json'))
  const stale = [...files].filter(([path, text]) => read(path) !== text).map(([path]) => path)
  assert.deepEqual(stale, [])
})

test('no schema or page is left that nobody generates any more', async () => {
  const files = await generatedFiles(root)
  for (const folder of ['packages/contract/schemas', 'docs/reference'])
    assert.deepEqual(
      readdirSync(join(root, folder)).filter((file) => !files.has(`${folder}/${file}`) && file !== 'cli.md'),
      [],
    )
})

test('every connector of the checkout has a connector.json and a README with its settings', async () => {
  const files = await generatedFiles(root)
  for (const name of readdirSync(join(root, 'connectors'))) {
    assert.ok(files.has(`connectors/${name}/connector.json`), `${name} has no connector.json`)
    assert.ok(files.has(`connectors/${name}/README.md`), `${name} has no README.md`)
  }
})

function read(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8')
  } catch {
    return undefined
  }
}
