/** Checks that are tools: each counts as one test, and its whole output is the error. */
import { spawn } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { Outcome } from './outcome.ts'

export interface StaticCheck {
  readonly name: string
  /** A command of a dependency, as in `node_modules/.bin`, or a script of the checkout: `scripts/x.ts`. */
  readonly tool: string
  readonly args: readonly string[]
}

const toolFolder = join(import.meta.dirname, '../../node_modules/.bin')

export const formatCheck: StaticCheck = {
  name: 'every file is formatted (oxfmt)',
  tool: 'oxfmt',
  args: ['--check', '.'],
}
export const lintCheck: StaticCheck = {
  name: 'no lint error (oxlint, type-aware)',
  tool: 'oxlint',
  args: ['--type-aware', '--deny-warnings', '.'],
}
/** The rules that need no types: a fifth of a second where all of them take nine. */
export const quickLintCheck: StaticCheck = {
  name: 'no lint error that needs no types (oxlint)',
  tool: 'oxlint',
  args: ['--deny-warnings', '.'],
}
/** What did not change since the last time is not checked again. */
export const quickTypeCheck: StaticCheck = {
  name: 'the types fit (tsc, since the last time)',
  tool: 'tsc',
  args: ['-p', '.', '--incremental', '--tsBuildInfoFile', 'node_modules/.cache/bulkhead-fast.tsbuildinfo'],
}
export const typeCheck: StaticCheck = { name: 'the types fit (tsc)', tool: 'tsc', args: ['-p', '.'] }
/** Declarations and a module for every source. */
export const compileCheck: StaticCheck = {
  name: 'every package compiles (tsc -b)',
  tool: 'tsc',
  args: ['-b', 'tsconfig.build.json'],
}
export const buildCheck: StaticCheck = {
  name: 'every package builds (npm run build)',
  tool: 'scripts/build.ts',
  args: [],
}
export const generatedCheck: StaticCheck = {
  name: 'every generated file is what it would be made again (npm run generate)',
  tool: 'scripts/generate.ts',
  args: ['--check'],
}
export const deadCodeCheck: StaticCheck = {
  name: 'no dead code, no undeclared or unused dependency (knip)',
  tool: 'knip',
  args: ['--no-progress', '--treat-config-hints-as-errors'],
}

/** @param folder  of a package that is published */
export function packageCheck(folder: string): StaticCheck {
  return { name: `${folder} is fit to be published (publint)`, tool: 'publint', args: ['--strict', folder] }
}

/** Runs a tool in a folder, under the Node of this process. */
export async function runCheck(check: StaticCheck, folder: string, signal: AbortSignal): Promise<Outcome> {
  const program = check.tool.endsWith('.ts')
    ? ['--conditions=@bulkhead/source', join(folder, check.tool)]
    : [realpathSync(join(toolFolder, check.tool))]
  const child = spawn(process.execPath, [...program, ...check.args], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1' }, // some colour what they say where CI is set
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  )
  return { name: check.name, status: code === 0 ? 'passed' : 'failed', detail: output.trim() }
}
