import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { buildProgram } from '../../apps/cli/src/program.ts'
import { checkDocuments } from './check-documents.ts'
import { root } from './checkout.ts'
import { checkRequirements } from './check-requirements.ts'
import { roomsWith } from './rooms.ts'

test('commands and links in the documents exist', () => {
  const subcommands = new Set(buildProgram('1.0.0').commands.map((command) => command.name()))
  const { commands, links, faults } = checkDocuments(root, subcommands)
  assert.deepEqual(faults, [])
  assert.ok(commands > 5 && links > 5, 'a rule over no commands and no links proves nothing')
})

test('every room of the table is explained in ARCHITECTURE.md', () => {
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
  const folders = roomsWith([])
    .map(({ folder }) => folder.replace(/\/src(?=\/|$)/, ''))
    .filter((folder) => folder !== 'packages/engine' && !folder.endsWith('/testing'))
  assert.ok(folders.length > 10)
  assert.deepEqual(
    folders.filter((folder) => !text.includes(`\`${folder}\``)),
    [],
  )
})

test('every requirement has a test that exists, or says "not yet"', () => {
  assert.deepEqual(checkRequirements(root), [])
})
