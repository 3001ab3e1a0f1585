/** Runs files of tests, a few at once, and looks for processes that they leave behind. */
import { availableParallelism } from 'node:os'
import { dirname } from 'node:path'
import { processesOf, sweep } from './left-behind.ts'
import type { Outcome } from './outcome.ts'
import { nameOf, runTestFile, runTogether, type TestFileOptions } from './run-test-file.ts'

export interface TestFilesOptions extends TestFileOptions {
  /** Whether files of the same folder may share a process: half the work, and less apart from each other. */
  readonly together?: boolean
}

/** Outcomes come in the order of the files, whichever ends first. */
export async function runTestFiles(
  files: readonly string[],
  options: TestFilesOptions,
): Promise<readonly Outcome[]> {
  const groups = options.together === true ? byFolder(files) : files.map((file) => [file])
  const outcomes: (readonly Outcome[])[] = groups.map(() => [])
  const queue = groups.entries()
  // one more than cores: some tests wait for a clock
  const worker = async (): Promise<void> => {
    for (const [index, group] of queue) {
      if (options.signal.aborted) return
      outcomes[index] = await runGroup(group, options)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() + 1 }, worker))
  const names = [...groups, ...files.map((file) => [file])].map((group) => nameOf(group, options.root))
  const left = await sweep(processesOf(names))
  return [...outcomes.flat(), ...left]
}

async function runGroup(files: readonly string[], options: TestFileOptions): Promise<readonly Outcome[]> {
  const together = files.length > 1 ? await runTogether(files, options) : undefined
  if (together !== undefined) return together
  const outcomes: Outcome[] = []
  for (const file of files) {
    if (!options.signal.aborted) outcomes.push(...(await runTestFile(file, options)))
  }
  return outcomes
}

function byFolder(files: readonly string[]): readonly (readonly string[])[] {
  return [...Map.groupBy(files, (file) => dirname(file)).values()]
}
