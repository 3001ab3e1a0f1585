import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { apiVersion, bundleVersion, type EngineStatement, runnerProtocol } from '@bulkhead/contract'

/** What this build says of itself. */
export function engineStatement(): EngineStatement {
  return {
    engine: 'bulkhead-runner',
    version: packageVersion(import.meta.dirname),
    protocols: [runnerProtocol],
    bundles: [bundleVersion],
    manifests: [apiVersion],
  }
}

/** Of the package around a file, however deep below it a bundle has put this code. */
function packageVersion(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    try {
      const { version } = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8')) as {
        readonly version: string
      }
      return version
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(at) === at) throw error
    }
  }
}
