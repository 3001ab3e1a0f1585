/** Runs one file of tests in a process of its own, and leaves nothing of it running. */
import { spawn } from 'node:child_process'
import { join, relative } from 'node:path'
import type { Readable } from 'node:stream'
import type { Outcome } from './outcome.ts'
import type { ReportLine } from './test-reporter.ts'

export interface TestFileOptions {
  /** Names in outcomes are relative to it, and the tests run in it. */
  readonly root: string
  readonly environment: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** Set for the tests and all that they start; what still has it when the tests are over was left behind. */
export const marker = 'BULKHEAD_TEST_FILE'

/** Others may run the same tests at the same time, whose processes are theirs. */
export function markOf(file: string): string {
  return `${process.pid} ${file}`
}

const keptOutput = 64 * 1024
const escapedMs = 3_000 // for a process outside the group that holds the pipes; it is found and named later

/** Resolves to one outcome for each test in the file; to a failed one for a file that dies, hangs or holds no test. */
export async function runTestFile(path: string, options: TestFileOptions): Promise<readonly Outcome[]> {
  const file = relative(options.root, path)
  const { outcomes, output, problem } = await runTestProcess([path], file, options)
  const tests = outcomes.map((outcome) => ({ ...outcome, file })) // a kit's file would tell nothing
  const trouble = problem ?? (tests.length === 0 ? 'It holds no test' : undefined)
  if (trouble !== undefined)
    return [
      ...tests,
      { name: 'the file as a whole', file, status: 'failed', detail: `${trouble}\n${output}` },
    ]
  if (output !== '') attach(tests, output)
  return tests
}

/**
 * Runs some files in one process, which saves starting one for each, and resolves to what they say when every one
 * holds tests and all are well. Undefined otherwise: then each has to be asked alone, so that none is blamed for another.
 */
export async function runTogether(
  paths: readonly string[],
  options: TestFileOptions,
): Promise<readonly Outcome[] | undefined> {
  const { outcomes, problem } = await runTestProcess(paths, nameOf(paths, options.root), options)
  const files = new Set(outcomes.map(({ file }) => file))
  const isWell = problem === undefined && outcomes.every(({ status }) => status !== 'failed')
  if (!isWell || !paths.every((path) => files.has(path))) return undefined
  return outcomes.map((outcome) => ({ ...outcome, file: relative(options.root, outcome.file ?? '') }))
}

/** Of a process that runs these files. */
export function nameOf(paths: readonly string[], root: string): string {
  const first = relative(root, paths[0] ?? '')
  return paths.length === 1 ? first : `${first} and ${paths.length - 1} more`
}

interface Ended {
  readonly outcomes: readonly Outcome[]
  /** The end of what was printed. */
  readonly output: string
  /** What went wrong apart from the tests. */
  readonly problem: string | undefined
}

async function runTestProcess(
  paths: readonly string[],
  name: string,
  options: TestFileOptions,
): Promise<Ended> {
  const child = spawn(
    process.execPath,
    [
      '--conditions=@bulkhead/source',
      '--test-reporter',
      join(import.meta.dirname, 'test-reporter.ts'),
      '--test-reporter-destination=stdout',
      ...(paths.length === 1 ? paths : [join(import.meta.dirname, 'several-files.ts'), ...paths]),
    ],
    {
      cwd: options.root,
      env: { ...inherited(), ...options.environment, [marker]: markOf(name) },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      detached: true, // a group of its own, which is ended as a whole
    },
  )

  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-keptOutput)))
  }
  const outcomes: Outcome[] = []
  const report = child.stdio[3] as Readable
  let begun = 'none'
  let rest = ''
  report.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n') // readline would also split at U+2028, which a test's name may hold
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const said = JSON.parse(line) as ReportLine
      if ('begun' in said) begun = said.begun
      else outcomes.push(said)
    }
  })

  let hung = false
  const endGroup = (): void => {
    if (child.pid !== undefined) killGroup(child.pid)
  }
  const timer = setTimeout(() => {
    hung = true
    endGroup()
  }, options.timeoutMs)
  options.signal.addEventListener('abort', endGroup, { once: true })

  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', () => {
      endGroup() // what it left in its group would hold the pipes open
      const letGo = setTimeout(() => child.stdio.forEach((stream) => stream?.destroy()), escapedMs)
      child.once('close', () => clearTimeout(letGo))
    })
    child.once('close', resolve)
  }).finally(() => {
    clearTimeout(timer)
    options.signal.removeEventListener('abort', endGroup)
  })

  const problem = hung
    ? `It did not end within ${options.timeoutMs / 1000} s: a test hangs, or something is still open; the last test that began: ${begun}`
    : code !== 0 && !outcomes.some(({ status }) => status === 'failed')
      ? `It ended with ${code === null ? `signal ${child.signalCode}` : `code ${code}`}`
      : undefined
  return { outcomes, output, problem }
}

/** Without what makes a test's process speak to `node --test` instead of to its reporter. */
function inherited(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _context, ...environment } = process.env
  return environment
}

/** What a file printed is shown when a test of it failed, with the first that did. */
function attach(outcomes: Outcome[], output: string): void {
  const index = outcomes.findIndex(({ status }) => status === 'failed')
  const first = outcomes[index]
  if (first !== undefined)
    outcomes[index] = { ...first, detail: `${first.detail ?? ''}\nThe file printed:\n${output}` }
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // the group is empty
  }
}
