import { resolve } from 'node:path'
import { readRequest } from '@bulkhead/contract'
import { applicationDigest } from '@bulkhead/engine/application/application-digest'
import { checkLock } from '@bulkhead/engine/application/lock'
import { readApplication } from '@bulkhead/engine/application/read-application'
import { describePlan, planAsData } from '@bulkhead/engine/plan/describe-plan'
import { planRun } from '@bulkhead/engine/plan/plan-run'
import type { QuestionOptions } from '../commands/execute.ts'
import type { Answer } from '../terminal/answer.ts'
import { printableLines } from '../terminal/printable.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { installedCatalog } from './installed.ts'
import { readQuestion } from './question.ts'

/** What a request would do, with the digest of the application that would do it. */
export async function plan(folder: string, options: QuestionOptions, terminal: Terminal): Promise<Answer> {
  const application = await readApplication(resolve(terminal.folder, folder), {
    environment: options.environment,
    variables: terminal.environment,
  })
  const catalog = await installedCatalog()
  const request = readRequest(await readQuestion(options, application, terminal))
  const decided = planRun({ application, request, catalog, nowMs: Date.now() })
  const planned = { ...decided, warnings: [...decided.warnings, ...checkLock(application, catalog)] }
  const digest = await applicationDigest(application, catalog)
  return {
    value: { ...planAsData(planned), digest },
    text: (style) => {
      const lines = printableLines(`${describePlan(planned)}\nDigest       ${digest}`).split('\n')
      return lines.map((line) => line.replace(/^\S+/, (label) => style.bold(label))).join('\n')
    },
  }
}
