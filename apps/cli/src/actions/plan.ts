import { readRequest } from '@bulkhead/contract'
import { behaviourOf, digestOf } from '@bulkhead/engine/application/behaviour'
import { checkLock } from '@bulkhead/engine/application/lock'
import { describePlan, planAsData } from '@bulkhead/engine/plan/describe-plan'
import { planRun } from '@bulkhead/engine/plan/plan-run'
import type { QuestionOptions } from '../commands/execute.ts'
import type { Answer } from '../terminal/answer.ts'
import { printableLines } from '../terminal/printable.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { installedCatalog } from './installed.ts'
import { applicationChoice } from './platform.ts'
import { readQuestion } from './question.ts'

/** What a request would do, with the digest of the application that would do it. */
export async function plan(
  folder: string | undefined,
  options: QuestionOptions,
  terminal: Terminal,
): Promise<Answer> {
  const { openApplication } = await import('@bulkhead/runner')
  const choice = applicationChoice(terminal, {
    ...options,
    ...(folder !== undefined && { application: folder }),
  })
  const { application, isBuiltin } = await openApplication(choice)
  const catalog = await installedCatalog()
  const request = readRequest(await readQuestion(options, isBuiltin ? undefined : application, terminal))
  const decided = planRun({ application, request, catalog, nowMs: Date.now() })
  const planned = {
    ...decided,
    warnings: [...decided.warnings, ...(isBuiltin ? [] : checkLock(application, catalog))],
  }
  const behaviour = await behaviourOf(application, { catalog, variables: terminal.environment })
  const { digest } = digestOf(behaviour)
  return {
    value: { ...planAsData(planned), digest },
    text: (style) => {
      const lines = printableLines(`${describePlan(planned)}\nDigest       ${digest}`).split('\n')
      return lines.map((line) => line.replace(/^\S+/, (label) => style.bold(label))).join('\n')
    },
  }
}
