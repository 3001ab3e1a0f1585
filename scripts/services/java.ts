/** Java of this machine, and servers that are Java packages: downloaded once by Maven into the cache. */
import { createHash } from 'node:crypto'
import { mkdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { cached } from './cache.ts'
import { findExecutable, isExecutable, namesIn, pathFolders } from './find-executable.ts'
import { MissingTool } from './missing-tool.ts'
import { runTool } from './server-process.ts'

export interface Java {
  readonly program: string
  /** 17, 21, 25. */
  readonly major: number
}

/** How a Java version is told: from, and where a server does not run on newer ones, to. */
export interface JavaRange {
  readonly from: number
  readonly to?: number
}

/** The oldest Java that fits, undefined where there is none: what a server was made for is what it runs best on. */
export async function findJava({ from, to = Infinity }: JavaRange): Promise<Java | undefined> {
  const fitting = (await installed()).filter(({ major }) => major >= from && major <= to)
  return fitting.toSorted((a, b) => a.major - b.major)[0]
}

/**
 * The oldest Java that fits.
 *
 * @param what  the server that needs it, for people
 * @throws MissingTool when there is none
 */
export async function requireJava(what: string, range: JavaRange): Promise<Java> {
  const java = await findJava(range)
  if (java !== undefined) return java
  const wanted = range.to === undefined ? `${range.from} or newer` : `${range.from} to ${range.to}`
  throw new MissingTool(
    `Java ${wanted} is not installed, which ${what} runs on: neither JAVA_HOME, PATH nor /usr/lib/jvm has one`,
  )
}

async function installed(): Promise<readonly Java[]> {
  const inPath = findExecutable('java', pathFolders())
  const homes = [
    ...(process.env['JAVA_HOME'] ? [process.env['JAVA_HOME']] : []),
    ...(inPath === undefined ? [] : [dirname(dirname(await realpath(inPath)))]),
    ...namesIn('/usr/lib/jvm').map((name) => join('/usr/lib/jvm', name)),
    ...namesIn('/Library/Java/JavaVirtualMachines').map((name) =>
      join('/Library/Java/JavaVirtualMachines', name, 'Contents/Home'),
    ),
  ]
  const found = homes.map(async (home): Promise<Java | undefined> => {
    const program = join(home, 'bin/java')
    const release = await readFile(join(home, 'release'), 'utf8').catch(() => '')
    const major = /^JAVA_VERSION="(?:1\.)?(\d+)/m.exec(release)?.[1]
    return major !== undefined && isExecutable(program) ? { program, major: Number(major) } : undefined
  })
  return (await Promise.all(found)).filter((java) => java !== undefined)
}

export interface JavaPackage {
  /** What it is, for people. */
  readonly title: string
  /** `group:artifact:version`, the first names the thing in the cache. */
  readonly artifacts: readonly [string, ...string[]]
  /** A class of ours, in `java/`, where the package has no `main` that serves tests. */
  readonly launcher?: string
}

/**
 * The class path of a package with all that it depends on.
 *
 * @throws MissingTool when it is not in the cache, and there is no Maven or no Java compiler
 */
export async function classPath(
  { title, artifacts, launcher }: JavaPackage,
  java: Java,
  signal: AbortSignal,
): Promise<string> {
  const [, name = '', version = ''] = artifacts[0].split(':')
  const project = projectOf(artifacts)
  const source = launcher === undefined ? undefined : join(import.meta.dirname, 'java', `${launcher}.java`)
  const recipe = createHash('sha256').update(project)
  if (source !== undefined) recipe.update(await readFile(source)).update(String(java.major))
  const folder = await cached(`${name}-${version}-${recipe.digest('hex').slice(0, 8)}`, async (made) => {
    if (findExecutable('mvn', pathFolders()) === undefined) {
      throw new MissingTool(`Maven is not installed, which ${title} is downloaded with`)
    }
    const compiler = join(dirname(java.program), 'javac')
    if (source !== undefined && !isExecutable(compiler)) {
      throw new MissingTool(
        `${dirname(java.program)} has no javac, which the start of ${title} is built with`,
      )
    }
    console.error(`bulkhead: downloading ${title} ${version} for the tests by Maven: once`)
    await writeFile(join(made, 'pom.xml'), project)
    const jars = join(made, 'jars')
    const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies'
    await runTool(
      'mvn',
      ['-q', '-B', '-ntp', '-f', made, goal, '-DincludeScope=runtime', `-DoutputDirectory=${jars}`],
      { signal },
    )
    const classes = join(made, 'classes')
    await mkdir(classes)
    if (source !== undefined) {
      await runTool(compiler, ['-cp', join(jars, '*'), '-d', classes, source], { signal })
    }
  })
  return `${join(folder, 'classes')}:${join(folder, 'jars', '*')}`
}

function projectOf(artifacts: readonly string[]): string {
  const dependencies = artifacts.map((artifact) => {
    const [group = '', name = '', version = ''] = artifact.split(':')
    return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`
  })
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion>
<groupId>bulkhead</groupId><artifactId>server-of-the-tests</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${dependencies.join('\n')}</dependencies>
</project>
`
}

/** Options for a small server that starts fast and leaves no files of its own behind. */
export function javaOptions(heapMiB: number, temporary: string): readonly string[] {
  return [
    '-Xms64m',
    `-Xmx${heapMiB}m`,
    '-Xss512k',
    '-XX:+UseSerialGC',
    ...(isMeasured() ? [] : ['-XX:TieredStopAtLevel=1']),
    '-XX:MaxDirectMemorySize=256m',
    '-XX:+ExitOnOutOfMemoryError',
    '-XX:-UsePerfData',
    '-Xshare:auto',
    '-Djava.awt.headless=true',
    '-Djava.net.preferIPv4Stack=true',
    '-Dfile.encoding=UTF-8',
    `-Djava.io.tmpdir=${temporary}`,
  ]
}

/**
 * Servers of tests live for minutes, and start with half the work without the second compiler; one whose speed
 * counts needs it.
 */
export function isMeasured(): boolean {
  return process.env['BULKHEAD_TEST_MEASURED'] === 'true'
}

/** The file of a class path whose name begins with a word. */
export function jarOf(path: string, word: string): string {
  const jars = dirname(path.split(':').at(-1) ?? '')
  const found = namesIn(jars).find((name) => basename(name).startsWith(`${word}-`))
  if (found === undefined) throw new Error(`There is no ${word} in ${jars}`)
  return join(jars, found)
}
