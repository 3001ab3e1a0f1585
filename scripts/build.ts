/**
 * `npm run build`: every package as it ships, JavaScript and declarations in `dist`.
 * `npm run build -- --engine FOLDER [--version VERSION]`: only the runner, into a folder that a server takes as an engine.
 *
 * What an earlier build left is removed first: TypeScript would take a stale declaration without a word.
 */
import { globSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildEngine } from './build/build-engine.ts'
import { bundlesOf, writeBundle } from './build/bundle.ts'
import { compileCheck, runCheck } from './test/static-check.ts'

const root = resolve(import.meta.dirname, '..')
const { values } = parseArgs({ options: { engine: { type: 'string' }, version: { type: 'string' } } })
if (values.engine === undefined) await buildAll()
else await buildEngine(root, resolve(values.engine), values.version)

async function buildAll(): Promise<void> {
  for (const folder of globSync('{packages,apps,connectors}/*/dist', { cwd: root })) {
    await rm(join(root, folder), { recursive: true })
  }
  const { status, detail } = await runCheck(compileCheck, root, new AbortController().signal)
  if (detail !== undefined && detail !== '') console.error(detail)
  if (status === 'passed') for (const bundle of bundlesOf(root)) await writeBundle(root, bundle)
  else process.exitCode = 1
}
