/**
 * `sh scripts/with-node.sh scripts/image.ts FOLDER`: the files of the container image: Node, the libraries that it is
 * linked with, the platform as it ships, and an account without rights. No shell, no package manager.
 *
 * The Containerfile runs this in its first stage, after `scripts/build.ts`; the libraries are those of that stage.
 */
import { existsSync, globSync } from 'node:fs'
import { chmod, copyFile, cp, mkdir, realpath, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { productionPackages } from './image/production-packages.ts'
import { sharedLibraries } from './image/shared-libraries.ts'

const root = resolve(import.meta.dirname, '..')
const image = resolve(process.argv[2] ?? 'image')
const platform = join(image, 'opt/bulkhead')
/** Nobody in particular, as distroless images have it: Kubernetes wants a number to see that it is not root. */
const account = 65532

if (!existsSync(join(root, 'apps/cli/dist/main.js'))) throw new Error('Run scripts/build.ts first')
await copyPlatform()
const node = join(image, 'usr/local/bin/node')
await mkdir(dirname(node), { recursive: true })
await copyFile(process.execPath, node)
await chmod(node, 0o755)
await copyLibraries()
await writeSystem()

async function copyPlatform(): Promise<void> {
  for (const { from, to, files } of productionPackages(root)) {
    const target = join(platform, to)
    for (const file of files ?? ['.']) {
      const source = join(from, file)
      if (!existsSync(source)) throw new Error(`${source} is not there`)
      await cp(source, join(target, file), {
        recursive: true,
        verbatimSymlinks: true,
        filter: (path) => isNeeded(path, from),
      })
    }
  }
}

/** Packages below a package are found by themselves; types and maps are for those who write code. */
function isNeeded(path: string, folder: string): boolean {
  const below = path.slice(folder.length + 1)
  return !/(^|\/)node_modules(\/|$)/.test(below) && !/\.(map|d\.[cm]?ts|tsbuildinfo)$/.test(below)
}

/** Under the name by which the loader looks for each, which is a link on the machine that it comes from. */
async function copyLibraries(): Promise<void> {
  const native = globSync('**/*.{node,so,so.*}', { cwd: platform }).map((path) => join(platform, path))
  const libraries = new Set<string>()
  for (const file of [process.execPath, ...native])
    for (const library of await sharedLibraries(file)) libraries.add(library)
  for (const library of libraries) {
    const target = join(image, library)
    await mkdir(dirname(target), { recursive: true })
    await copyFile(await realpath(library), target)
    await chmod(target, 0o755)
  }
}

async function writeSystem(): Promise<void> {
  const etc = join(image, 'etc')
  await mkdir(etc, { recursive: true })
  await writeFile(
    join(etc, 'passwd'),
    `root:x:0:0:root:/:/nologin\nbulkhead:x:${account}:${account}::/tmp:/nologin\n`,
  )
  await writeFile(join(etc, 'group'), `root:x:0:\nbulkhead:x:${account}:\n`)
  await writeFile(join(etc, 'nsswitch.conf'), 'hosts: files dns\n')
  // what connectors to local tools trust; Node brings its own
  const certificates = '/etc/ssl/certs/ca-certificates.crt'
  if (existsSync(certificates)) {
    await mkdir(join(etc, 'ssl/certs'), { recursive: true })
    await copyFile(certificates, join(image, certificates))
  }
  // where a run may write: mounted, when the rest is read-only
  for (const folder of ['tmp', 'work']) {
    await mkdir(join(image, folder), { recursive: true })
    await chmod(join(image, folder), 0o1777)
  }
}
