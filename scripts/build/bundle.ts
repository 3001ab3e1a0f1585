/**
 * Packages as one file each: a one-shot run spends most of its start in opening hundreds of small modules.
 *
 * The SDK carries its own zod; the command and the connectors take both from the SDK, so that a process has
 * one of each. What only some runs need stays a package that is loaded when it is asked for.
 */
import { globSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type Plugin, rolldown, type RolldownBuild } from 'rolldown'

interface Bundle {
  /** Folder of the package, relative to the checkout. */
  readonly folder: string
  /** Sources that importers know, relative to `src`, without ending. */
  readonly entries: readonly string[]
  /** Packages that are not part of it, but found by name when they are needed; default: its `dependencies`. */
  readonly separate?: readonly string[]
  /**
   * Sources that are asked for one by one, relative to the checkout: each list becomes one file, with all that it
   * imports at once and no list before it has. Without, what several entries share is cut as finely as they differ.
   */
  readonly together?: readonly (readonly string[])[]
}

/** Of the packages that were compiled. */
export function bundlesOf(root: string): readonly Bundle[] {
  const connectors = globSync('connectors/*/dist', { cwd: root }).map(dirname).toSorted()
  return [
    {
      folder: 'packages/connector-sdk',
      entries: ['index', 'aws/index', 'local-files/index', 'network/index', 'testing/index'],
      separate: [],
      together: [['packages/connector-sdk/src/index.ts']],
    },
    {
      folder: 'apps/cli',
      entries: ['main'],
      // shared with connectors, or large and not for every run
      separate: [
        '@bulkhead/connector-sdk',
        '@bulkhead/files',
        // it starts a thread of a file of its own
        '@bulkhead/server',
        'parquet-wasm',
        'apache-arrow',
        'age-encryption',
        'standardwebhooks',
      ],
      together: [
        // a process that only supervises needs no more than this
        [
          'apps/cli/src/command-line.ts',
          'apps/cli/src/terminal/process-terminal.ts',
          'apps/cli/src/actions/supervise.ts',
        ],
        [
          'apps/cli/src/actions/run.ts',
          // imported by the former when it is at work
          'apps/runner/src/index.ts',
          'packages/engine/src/links/grant-links.ts',
          'packages/engine/src/links/link-signer.ts',
          'packages/engine/src/links/state-folder.ts',
        ],
      ],
    },
    {
      // a process of a server that runs alone is at work as soon as a command
      folder: 'apps/runner',
      entries: ['index', 'connected/main', 'connected/run-runner'],
      separate: [
        '@bulkhead/connector-sdk',
        'parquet-wasm',
        'apache-arrow',
        'age-encryption',
        'standardwebhooks',
      ],
    },
    ...connectors.map((folder): Bundle => ({ folder, entries: ['index'] })),
  ]
}

/**
 * Replaces the compiled modules in `dist` by bundles; declarations stay, and what the command offers as a library.
 * @param target  folder that gets the `dist`, when not the package itself
 */
export async function writeBundle(root: string, bundleOf: Bundle, target?: string): Promise<void> {
  const { folder, entries, together = [] } = bundleOf
  const dist = join(target ?? join(root, folder), 'dist')
  const separate = bundleOf.separate ?? (await dependenciesOf(join(root, folder)))
  const replaced = folder === 'apps/cli' ? ['main.js.map'] : globSync('**/*.js{,.map}', { cwd: dist })
  await Promise.all(replaced.map((file) => rm(join(dist, file), { force: true })))
  const packages = new Set<string>()
  const input = Object.fromEntries(entries.map((name) => [name, join(root, folder, 'src', `${name}.ts`)]))
  const parts = await Promise.all(together.map((sources) => importedAtOnce(root, sources, separate)))
  // The command is imported by nobody: its parts may take from each other what they like. Where somebody does
  // import, no part may offer more than its sources.
  const isImported = entries.includes('index')
  await using bundle = await bundled({
    input,
    separate,
    plugins: [noteOf(packages)],
    signatures: isImported ? 'strict' : 'allow-extension',
  })
  await bundle.write({
    dir: dist,
    format: 'esm',
    // Names stay: a stack trace must say where it was.
    minify: { mangle: false, compress: true, codegen: true },
    comments: false,
    chunkFileNames: '[name]-[hash].js',
    ...(parts.length > 0 && {
      codeSplitting: {
        groups: parts.map((modules, index) => ({ name: `part-${index + 1}`, test: (id) => modules.has(id) })),
        includeDependenciesRecursively: isImported,
      },
    }),
  })
  if (packages.size > 0)
    await writeFile(join(dist, 'THIRD-PARTY.txt'), await licences([...packages].toSorted()))
}

function bundled(of: {
  readonly input: Record<string, string>
  readonly separate: readonly string[]
  readonly plugins: readonly Plugin[]
  readonly signatures: 'strict' | 'allow-extension'
}): Promise<RolldownBuild> {
  const { input, separate, plugins, signatures } = of
  return rolldown({
    input,
    external: (id) => separate.some((name) => id === name || id.startsWith(`${name}/`)),
    platform: 'node',
    // `import` and `require` are added to each by its kind: a package that has both must not get the other one's.
    resolve: { conditionNames: ['@bulkhead/source', 'node', 'default'] },
    plugins: [oneLanguage, ...plugins],
    preserveEntrySignatures: signatures,
    checks: { ineffectiveDynamicImport: false },
  })
}

/** The modules that are evaluated when all sources are imported, and none that these import later. */
async function importedAtOnce(
  root: string,
  sources: readonly string[],
  separate: readonly string[],
): Promise<ReadonlySet<string>> {
  const input = Object.fromEntries(sources.map((source) => [source, join(root, source)]))
  await using bundle = await bundled({ input, separate, plugins: [], signatures: 'strict' })
  const { output } = await bundle.generate({ format: 'esm' })
  const chunks = new Map(output.filter((part) => part.type === 'chunk').map((part) => [part.fileName, part]))
  const files = new Set([...chunks.values()].filter(({ isEntry }) => isEntry).map((chunk) => chunk.fileName))
  // a set gives out what is added while it is walked
  for (const file of files) for (const imported of chunks.get(file)?.imports ?? []) files.add(imported)
  return new Set([...files].flatMap((file) => chunks.get(file)?.moduleIds ?? []))
}

/** As is the custom: what is a `devDependency` becomes part of the bundle. */
async function dependenciesOf(folder: string): Promise<readonly string[]> {
  const { dependencies = {}, peerDependencies = {} } = await manifestOf(folder)
  return Object.keys({ ...dependencies, ...peerDependencies })
}

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

async function manifestOf(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest
}

/** zod's messages in forty other languages are never said. */
const oneLanguage: Plugin = {
  name: 'one-language',
  resolveId: (id, importer) =>
    importer !== undefined && /[/\\]zod[/\\]/.test(importer) && id.endsWith('locales/index.js')
      ? join(importer.replace(/v4[/\\].*$/, 'v4'), 'locales/en.js')
      : undefined,
}

function noteOf(packages: Set<string>): Plugin {
  return {
    name: 'note-packages',
    moduleParsed({ id }) {
      const folder = /^.*[/\\]node_modules[/\\](?:@[^/\\]+[/\\])?[^/\\]+/.exec(id)?.[0]
      if (folder !== undefined) packages.add(folder)
    },
  }
}

/** The licences of what a bundle holds: each asks to be kept with copies. */
async function licences(folders: readonly string[]): Promise<string> {
  const texts = folders.map(async (folder) => {
    const { name, version, license } = await manifestOf(folder)
    const [file] = globSync('{LICENSE,LICENCE,License,license}*', { cwd: folder }).map((found) =>
      basename(found),
    )
    const text = file === undefined ? `Licence: ${license}` : await readFile(join(folder, file), 'utf8')
    return `${name} ${version}\n\n${text.trim()}\n`
  })
  return (await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n\n`)
}
