/** No code of the platform decides by the name of a connector: what it needs to know stands in connector.json. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isTestOnly, names, sourceFiles } from './checkout.ts'

/** Those that write a manifest in place of the user: `bulkhead copy` from addresses, the built-in one for `--out`. */
const exempt = ['apps/cli/src/copy/', 'apps/runner/src/open-application.ts']

/** @returns faults as `file:line what is wrong` */
export function checkConnectorNames(checkout: string): readonly string[] {
  const connectors = names(join(checkout, 'connectors'))
  const files = sourceFiles(checkout, ['packages/*/src', 'apps/*/src']).filter((file) => !isTestOnly(file))
  if (connectors.length === 0 || files.length === 0) throw new Error('There is nothing to check')
  const decides = new RegExp(
    String.raw`(?:[!=]==?|\bcase|\bconnector:|\.has\(|\.includes\()\s*(['"\`])(${connectors.join('|')})(?:@[^'"\`]*)?\1`,
  )
  return files
    .filter((file) => !exempt.some((place) => file.startsWith(place)))
    .flatMap((file) =>
      readFileSync(join(checkout, file), 'utf8')
        .split('\n')
        .flatMap((line, index) => {
          const name = decides.exec(line)?.[2]
          return name === undefined
            ? []
            : [`${file}:${index + 1} decides by the name of the connector ${name}`]
        }),
    )
}
