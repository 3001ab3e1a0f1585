import { resolve } from 'node:path'
import { exitCodes, fault } from '@bulkhead/contract'
import { readApplication } from '@bulkhead/engine/application/read-application'
import type { Answer } from '../terminal/answer.ts'
import { faultsOf, renderFaults, type Fault } from '../terminal/faults.ts'
import { printable } from '../terminal/printable.ts'
import { formatDuration } from '../terminal/quantities.ts'
import type { Reporter } from '../terminal/reporter.ts'
import type { Style } from '../terminal/style.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { runTest, type TestContext } from '../test/run-test.ts'
import { listTests, readTest, type ApplicationTest } from '../test/test-file.ts'
import { connectorRoots } from './installed.ts'
import { applicationChoice, processOptions } from './platform.ts'

interface TestResult {
  readonly name: string
  readonly description?: string
  readonly passed: boolean
  readonly durationMs: number
  readonly differences: readonly string[]
  /** Why the test could not come to a result. */
  readonly faults: readonly Fault[]
}

/** Runs the tests of an application (D20); exit code 4 when one of them fails. */
export async function test(
  folder: string,
  options: { readonly environment?: string; readonly real?: boolean; readonly only?: string },
  terminal: Terminal,
  report: Reporter,
): Promise<Answer> {
  const root = resolve(terminal.folder, folder)
  const { name } = await readApplication(root, {
    environment: options.environment,
    variables: terminal.environment,
  })
  const all = await listTests(root)
  const chosen = all.filter((one) => options.only === undefined || one.name.includes(options.only))
  if (chosen.length === 0)
    throw fault('usage', all.length === 0 ? 'The application has no tests' : 'No test has such a name', {
      path: 'tests',
      fix:
        all.length === 0
          ? 'Write tests/NAME.yaml, as bulkhead init does'
          : `Tests are ${all.map((one) => one.name).join(', ')}`,
    })
  const context: TestContext = {
    process: processOptions(terminal, report),
    application: { ...applicationChoice(terminal, { ...options, application: folder }), folder: root },
    connectorRoots: connectorRoots(),
    real: options.real === true,
  }
  const results: TestResult[] = []
  for (const one of chosen) {
    terminal.signal.throwIfAborted()
    results.push(await resultOf(root, one, context))
  }
  const passed = results.filter((result) => result.passed).length
  const failed = results.length - passed
  return {
    value: { application: name, real: context.real, passed, failed, tests: results },
    text: (style) =>
      [
        ...results.map((result) => renderResult(result, style)),
        `${passed} passed, ${failed > 0 ? style.bad(`${failed} failed`) : '0 failed'}`,
      ].join('\n'),
    exitCode: failed > 0 ? exitCodes.record : 0,
  }
}

async function resultOf(root: string, one: ApplicationTest, context: TestContext): Promise<TestResult> {
  const startedMs = Date.now()
  const base = { name: one.name, passed: false, differences: [], faults: [] }
  const took = (): number => Date.now() - startedMs
  try {
    const file = await readTest(root, one)
    const described = { ...base, ...(file.description !== undefined && { description: file.description }) }
    try {
      const differences = await runTest(one.name, file, context)
      return { ...described, passed: differences.length === 0, differences, durationMs: took() }
    } catch (error) {
      return { ...described, faults: faultsOf(error), durationMs: took() }
    }
  } catch (error) {
    return { ...base, faults: faultsOf(error), durationMs: took() }
  }
}

function renderResult(
  { name, description, passed, durationMs, differences, faults }: TestResult,
  style: Style,
): string {
  const head = `${passed ? style.good('✓') : style.bad('✗')} ${style.bold(printable(name))}`
  const about = description === undefined ? '' : `  ${printable(description)}`
  const lines = differences.map((difference) => `    ${printable(difference)}`)
  if (faults.length > 0) lines.push(renderFaults(faults, style).replaceAll(/^/gm, '    '))
  return [`${head}${about} ${style.dim(`(${formatDuration(durationMs)})`)}`, ...lines].join('\n')
}
