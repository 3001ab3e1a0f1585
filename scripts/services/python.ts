/** Python packages with a server in them, in an environment of their own in the cache. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { cached } from './cache.ts'
import { findExecutable, pathFolders } from './find-executable.ts'
import { MissingTool } from './missing-tool.ts'
import { runTool } from './server-process.ts'

/**
 * The path of a Python that has some packages.
 *
 * @param what  the server that is in them, for people
 * @param packages  `name==version`, the first names the thing in the cache
 * @throws MissingTool when Python is not installed, or cannot make environments
 */
export async function pythonWith(
  what: string,
  packages: readonly [string, ...string[]],
  signal: AbortSignal,
): Promise<string> {
  const python = findExecutable('python3', pathFolders())
  if (python === undefined) throw new MissingTool(`Python is not installed, which ${what} runs on`)
  const version = await runTool(python, ['-c', 'import sys; print(sys.version, sys.prefix)'], { signal })
  const recipe = createHash('sha256').update(version).update(packages.join()).digest('hex').slice(0, 8)
  const name = packages[0].replaceAll(/[^\w.]+/g, '-')
  const folder = await cached(`python-${name}-${recipe}`, async (made) => {
    await runTool(python, ['-c', 'import ensurepip, venv'], { signal }).catch((error: Error) => {
      throw new MissingTool(
        `Python has no venv and ensurepip, which ${what} is installed with (python3-venv in Debian)`,
        { cause: error },
      )
    })
    console.error(`bulkhead: downloading ${what} for the tests by pip: once`)
    await runTool(python, ['-m', 'venv', made], { signal })
    // by the interpreter: the scripts of the environment name the folder that it is made in
    await runTool(
      join(made, 'bin/python'),
      ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages],
      { signal },
    )
  })
  return join(folder, 'bin/python')
}
