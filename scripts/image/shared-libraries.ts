import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * The shared libraries of this machine that a program or library is linked with, by their absolute paths, the loader
 * among them. Those that lie beside it are not listed: they are found there.
 */
export async function sharedLibraries(file: string): Promise<readonly string[]> {
  const { stdout } = await run('ldd', [file])
  if (/not found/.test(stdout)) throw new Error(`A library of ${file} is missing:\n${stdout}`)
  return stdout.split('\n').flatMap((line) => /(?:=> |^\s+)(\/(?:usr\/)?lib\S*)/.exec(line)?.[1] ?? [])
}
