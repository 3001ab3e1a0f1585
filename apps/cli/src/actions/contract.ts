import { resolve } from 'node:path'
import { exitCodes } from '@bulkhead/contract'
import { readApplication } from '@bulkhead/engine/application/read-application'
import { readContracts } from '../consumer/contract-file.ts'
import { readExamples } from '../consumer/examples.ts'
import { type Verified, verifyContract } from '../consumer/verify-contract.ts'
import type { Answer } from '../terminal/answer.ts'
import { printable } from '../terminal/printable.ts'
import type { Reporter } from '../terminal/reporter.ts'
import type { Style } from '../terminal/style.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { connectorRoots, installedCatalog } from './installed.ts'
import { applicationChoice, processOptions } from './platform.ts'

/** Holds an application against what its consumers published (P4); exit code 4 when it breaks one of them. */
export async function verifyContracts(
  folder: string,
  options: { readonly environment?: string; readonly contracts?: string },
  terminal: Terminal,
  report: Reporter,
): Promise<Answer> {
  const root = resolve(terminal.folder, folder)
  const { environment, contracts } = options
  const application = await readApplication(root, { environment, variables: terminal.environment })
  const where = contracts === undefined ? resolve(root, 'contracts') : resolve(terminal.folder, contracts)
  const published = await readContracts(where)
  const catalog = await installedCatalog()
  const verification = {
    application,
    catalog,
    examples: await readExamples(application, catalog),
    run: {
      ...processOptions(terminal, report),
      application: applicationChoice(terminal, { ...options, application: folder }),
      connectorRoots: connectorRoots(),
    },
  }
  const verified: Verified[] = []
  for (const contract of published) verified.push(...(await verifyContract(contract, verification)))
  const kept = verified.filter(({ differences }) => differences.length === 0).length
  const broken = verified.length - kept
  return {
    value: { application: application.name, kept, broken, verified },
    text: (style) =>
      [
        ...verified.map((one) => renderVerified(one, style)),
        `${kept} kept, ${broken > 0 ? style.bad(`${broken} broken`) : '0 broken'}`,
      ].join('\n'),
    exitCode: broken > 0 ? exitCodes.record : 0,
  }
}

function renderVerified({ consumer, what, differences }: Verified, style: Style): string {
  const head = `${differences.length === 0 ? style.good('✓') : style.bad('✗')} ${style.bold(printable(consumer))}: ${printable(what)}`
  return [head, ...differences.map((difference) => `    ${printable(difference)}`)].join('\n')
}
