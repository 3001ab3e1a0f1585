/**
 * Images that are really built and containers that really run, by buildah and podman, in a storage of their own that
 * is gone with the test. As root, which installs them when they are not there.
 */
import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import type { Scope } from './cleanup.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')

/** Why no container can be had here, counted as a skip; undefined when one can. Installs what is missing. */
export async function noContainers(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'No container: they are of Linux'
  if (process.getuid?.() !== 0) return 'No container: buildah and podman are tried as root only'
  try {
    await installTools()
    return undefined
  } catch (error) {
    return `No container: buildah and podman cannot be installed: ${String(error).slice(0, 300)}`
  }
}

export interface Containers {
  /** Builds the Containerfile of the checkout. */
  build(): Promise<void>
  /** Runs the image with a file system that cannot be written and no network. */
  run(options: readonly string[], args: readonly string[]): Promise<ContainerEnd>
}

export interface ContainerEnd {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const image = 'bulkhead-test'

export async function openContainers(scope: Scope): Promise<Containers> {
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-containers-'))
  scope.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  const storage = [
    '--storage-driver',
    'vfs',
    '--root',
    join(folder, 'root'),
    '--runroot',
    join(folder, 'run'),
  ]
  return {
    async build() {
      await run('buildah', [...storage, 'build', ...buildOptions(), '-t', image, '.'], {
        cwd: root,
        maxBuffer: 2 ** 26,
      })
    },
    async run(options, args) {
      const command = ['--cgroup-manager', 'cgroupfs', '--runtime', plainRuntime(folder), 'run', '--rm']
      const all = [...storage, ...command, '--read-only', '--network=none', ...options, image, ...args]
      try {
        // in a sandbox with both kinds of cgroups the runtime takes neither: it is shown one
        const mounts = 'umount /sys/fs/cgroup/unified 2>/dev/null; exec podman "$@"'
        const { stdout, stderr } = await run('unshare', ['-m', 'sh', '-c', mounts, 'podman', ...all], {
          maxBuffer: 2 ** 26,
          timeout: 120_000,
        })
        return { code: 0, stdout, stderr }
      } catch (error) {
        const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string }
        if (typeof code !== 'number') throw error
        return { code, stdout: stdout ?? '', stderr: stderr ?? '' }
      }
    },
  }
}

/**
 * The first stage is the Containerfile's own, in the file system of this machine instead of an image from a registry,
 * with the packages that are installed in the checkout: nothing is downloaded.
 */
function buildOptions(): string[] {
  const system = ['/usr', '/bin', '/lib', '/lib64', '/etc/ssl'].map((path) => `${path}:${path}:ro`)
  const installed = [
    'node_modules',
    ...globSync('{apps,packages,connectors}/*/node_modules', { cwd: root }),
  ].map((path) => `${join(root, path)}:/src/${path}:ro`)
  return [
    '--isolation=chroot',
    '--build-arg=BUILD_IMAGE=scratch',
    ...[...system, ...installed].flatMap((volume) => ['-v', volume]),
  ]
}

/** crun, which is not asked to raise limits: in a sandbox even root may not. */
function plainRuntime(folder: string): string {
  const bin = join(folder, 'bin')
  mkdirSync(bin, { recursive: true })
  const edit = join(bin, 'without-limits.mjs')
  writeFileSync(
    edit,
    `import { readFileSync, writeFileSync } from 'node:fs'
const file = process.argv[2] + '/config.json'
const config = JSON.parse(readFileSync(file, 'utf8'))
delete config.process.rlimits
writeFileSync(file, JSON.stringify(config))
`,
  )
  const runtime = join(bin, 'crun')
  writeFileSync(
    runtime,
    `#!/bin/sh
before=
for each in "$@"; do
  case $before in --bundle | -b) '${process.execPath}' '${edit}' "$each" ;; esac
  before=$each
done
exec /usr/bin/crun "$@"
`,
  )
  chmodSync(runtime, 0o755)
  return runtime
}

async function installTools(): Promise<void> {
  const absent = ['buildah', 'podman', 'crun'].filter((tool) => !isThere(tool))
  if (absent.length === 0) return
  const apt = (...args: string[]): Promise<unknown> =>
    run('apt-get', ['-qq', ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      maxBuffer: 2 ** 26,
    })
  await apt('update')
  await apt('install', '-y', '--no-install-recommends', ...absent)
}

function isThere(tool: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${tool}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
