/** Which files of tests there are, by what they need. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { isServerName, type ServerName } from '../services/servers.ts'

export interface TestFiles {
  /** Need nothing but this process, and milliseconds: `name.test.ts`. */
  readonly unit: readonly string[]
  /** Need nothing but this process, and seconds: `name.slow.test.ts`, and a connector's contract test kit. */
  readonly slow: readonly string[]
  /** Need real servers: `name.server.test.ts`. */
  readonly server: readonly string[]
  /** The command and the packed packages, as users have them. */
  readonly e2e: readonly string[]
  /** Break something on purpose, to see that a check turns red. */
  readonly planted: readonly string[]
}

const rooms = ['packages', 'apps', 'connectors', 'test', 'scripts', 'bench', 'examples']

/** @param pattern  only files whose path contains it, or fits it as a glob; undefined: all */
export function findTestFiles(root: string, pattern: string | undefined): TestFiles {
  const files = rooms
    .flatMap((room) =>
      globSync(`${room}/**/*.test.ts`, {
        cwd: root,
        exclude: (name) => name === 'node_modules' || name === 'dist',
      }),
    )
    .toSorted()
  const chosen = pattern === undefined ? files : narrow(root, files, pattern)
  const within = (folder: string) => (file: string) => file.startsWith(folder)
  const absolute = (list: readonly string[]): readonly string[] => list.map((file) => join(root, file))
  const e2e = chosen.filter(within('test/e2e/'))
  const planted = chosen.filter(within('test/planted/'))
  const others = chosen.filter((file) => !e2e.includes(file) && !planted.includes(file))
  return {
    unit: absolute(others.filter((file) => !isServerTest(file) && !isSlowTest(file))),
    slow: absolute(others.filter(isSlowTest)),
    server: absolute(others.filter(isServerTest)),
    e2e: absolute(e2e),
    planted: absolute(planted),
  }
}

function isServerTest(file: string): boolean {
  return file.endsWith('.server.test.ts')
}

function isSlowTest(file: string): boolean {
  return file.endsWith('.slow.test.ts') || file.endsWith('/kit.test.ts')
}

function narrow(root: string, files: readonly string[], pattern: string): readonly string[] {
  const fitting = new Set(globSync(pattern, { cwd: root }))
  const plain = pattern.replace(/^\.\//, '')
  return files.filter((file) => fitting.has(file) || file.includes(plain))
}

/**
 * The servers that a file of tests needs: found by the support module that it imports, itself or
 * through files of its own room.
 */
export function serversOf(file: string, seen = new Set<string>()): ReadonlySet<ServerName> {
  const needed = new Set<ServerName>()
  if (seen.has(file)) return needed
  seen.add(file)
  for (const [, specifier = ''] of textOf(file).matchAll(
    /(?:from|import\(|import)\s*['"](\.{1,2}\/[^'"]+\.ts)['"]/g,
  )) {
    const target = resolve(dirname(file), specifier)
    const support = /\/test\/support\/([^/]+)\.ts$/.exec(target)?.[1]
    if (support !== undefined && isServerName(support)) needed.add(support)
    else for (const server of serversOf(target, seen)) needed.add(server)
  }
  return needed
}

/** Of a file that is not there, nothing: what looks like an import may be text of a test. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
