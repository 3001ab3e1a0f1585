/**
 * `npm run build`: every package as it ships, JavaScript and declarations in `dist`.
 *
 * What an earlier build left is removed first: TypeScript would take a stale declaration without a word.
 */
import { globSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { bundlesOf, writeBundle } from './build/bundle.ts'
import { compileCheck, runCheck } from './test/static-check.ts'

const root = resolve(import.meta.dirname, '..')
for (const folder of globSync('{packages,apps,connectors}/*/dist', { cwd: root })) {
  await rm(join(root, folder), { recursive: true })
}
const { status, detail } = await runCheck(compileCheck, root, new AbortController().signal)
if (detail !== undefined && detail !== '') console.error(detail)
if (status === 'passed') for (const bundle of bundlesOf(root)) await writeBundle(root, bundle)
else process.exitCode = 1
