import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fault } from '@bulkhead/contract'
import { readCatalog } from '@bulkhead/engine/catalog/read-catalog'
import type { Answer } from '../terminal/answer.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { connectorsFolder } from './installed.ts'

/** How long npm may take; a slow registry needs minutes. */
const npmMs = 10 * 60_000

/**
 * Installs a connector with its own dependencies into a folder of its own, by npm, without running any of
 * its scripts or code. Several versions live side by side; the same version is replaced.
 *
 * @param spec  a folder, a tarball, or what npm takes: `name@version`
 * @throws BulkheadError `connector-install-failed`, `connector-broken`, `connector-incompatible`
 */
export async function installConnector(spec: string, terminal: Terminal): Promise<Answer> {
  const folder = connectorsFolder(terminal.environment)
  await mkdir(folder, { recursive: true })
  // beside its place, so that it gets there by a rename: never half
  const staging = await mkdtemp(join(folder, '.installing-'))
  try {
    const found = resolve(terminal.folder, spec)
    const archive = await pack(existsSync(found) ? found : spec, staging, terminal)
    await npm(
      [
        'install',
        archive,
        '--prefix',
        staging,
        '--install-strategy=nested',
        '--omit=dev',
        '--legacy-peer-deps',
        ...quiet,
      ],
      terminal,
    )
    const entry = await onlyConnector(staging, spec)
    await provideSdk(entry.folder)
    await leaveNodeOut(join(entry.folder, 'node_modules'))
    const place = join(folder, `${entry.name}@${entry.version}`)
    await rm(place, { recursive: true, force: true })
    await rename(entry.folder, place)
    return {
      value: { connector: entry.name, version: entry.version, folder: place },
      text: (style) =>
        `${style.good('✓')} ${style.bold(entry.name)} ${entry.version} is in ${place}\n` +
        `Use it by ${style.name(`connector: ${entry.name}@${entry.version}`)}`,
    }
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

/** `--ignore-scripts`: installing runs nothing of whoever made it. */
const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error']

/** An archive as npm would publish it, also of a folder, so that an install does not depend on where it came from. */
async function pack(spec: string, staging: string, terminal: Terminal): Promise<string> {
  await npm(['pack', spec, '--pack-destination', staging, ...quiet], terminal)
  const [archive] = (await readdir(staging)).filter((file) => file.endsWith('.tgz'))
  if (archive === undefined) throw failed(spec, 'npm packed nothing')
  return join(staging, archive)
}

async function onlyConnector(staging: string, spec: string) {
  const modules = join(staging, 'node_modules')
  const scopes = (await readdir(modules)).filter((name) => name.startsWith('@'))
  const catalog = await readCatalog([modules, ...scopes.map((scope) => join(modules, scope))])
  const [broken] = catalog.broken
  if (broken !== undefined)
    throw fault('connector-broken', `${spec} cannot be used: ${broken.reason}`, {
      fix: 'Tell its author; a package of a connector has a connector.json beside its package.json',
    })
  const [entry] = catalog.list()
  if (entry === undefined)
    throw fault('connector-broken', `${spec} is no connector: it has no connector.json`, {
      fix: 'Install a package that has one',
    })
  return entry
}

/** A connector brings its vendor's client along; the promise between it and the platform is the platform's. */
async function provideSdk(folder: string): Promise<void> {
  const scope = join(folder, 'node_modules', '@bulkhead')
  await mkdir(scope, { recursive: true })
  const own = join(scope, 'connector-sdk')
  await rm(own, { recursive: true, force: true })
  await symlink(fileURLToPath(new URL('..', import.meta.resolve('@bulkhead/connector-sdk'))), own, 'dir')
}

/** A Node that its author works with: a connector runs in that of Bulkhead. */
async function leaveNodeOut(modules: string): Promise<void> {
  const nodes = (await readdir(modules)).filter((name) => /^node-(linux|darwin|win)-\w+$/.test(name))
  for (const name of nodes) await rm(join(modules, name), { recursive: true })
  if (nodes.length > 0) await rm(join(modules, '.bin', 'node'), { force: true })
}

function npm(args: readonly string[], { environment, folder, signal }: Terminal): Promise<void> {
  const [verb = ''] = args
  return new Promise((done, reject) => {
    const options = { cwd: folder, env: environment, signal, timeout: npmMs, maxBuffer: 4 * 1024 * 1024 }
    execFile('npm', [...args], options, (error, _output, messages) => {
      if (error === null) return done()
      if (signal.aborted) return reject(signal.reason as Error)
      reject(failed(`npm ${verb}`, reasonOf(messages) ?? error.message.slice(0, 300)))
    })
  })
}

/** The first line of npm's that says something: codes and system calls come before it. */
function reasonOf(messages: string): string | undefined {
  const said = /^npm (?:error|ERR!) (?!code |errno |syscall |path )/
  return messages
    .split('\n')
    .find((line) => said.test(line))
    ?.replace(said, '')
    .trim()
    .slice(0, 300)
}

function failed(what: string, reason: string): Error {
  return fault('connector-install-failed', `${what} failed: ${reason.replace(/\.$/, '')}`)
}
