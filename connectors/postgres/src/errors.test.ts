import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { errors } from './errors.ts'

it('documents every code of the registry, and no other', async () => {
  const readme = await readFile(join(import.meta.dirname, '../README.md'), 'utf8')
  const documented = readme.split('\n').filter((line) => line.startsWith('| `postgres-'))
  assert.deepEqual(
    documented,
    errors.map(({ code, kind, meaning, fix }) => `| \`${code}\` | ${kind} | ${meaning} | ${fix} |`),
  )
})

it('prefixes its codes by its name, and gives each a meaning and an instruction', () => {
  for (const { code, meaning, fix } of errors) {
    assert.match(code, /^postgres(-[a-z]+)+$/)
    assert.match(meaning, /^[A-Z].*[^.]$/)
    assert.match(fix, /^[A-Z].*[^.]$/)
  }
})
