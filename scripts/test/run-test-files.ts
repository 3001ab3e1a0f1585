/** Runs files of tests, a few at once, and looks for processes that they leave behind. */
import { availableParallelism } from 'node:os'
import { relative } from 'node:path'
import { processesOf, sweep } from './left-behind.ts'
import type { Outcome } from './outcome.ts'
import { runTestFile, type TestFileOptions } from './run-test-file.ts'

/** Outcomes come in the order of the files, whichever ends first. */
export async function runTestFiles(
  files: readonly string[],
  options: TestFileOptions,
): Promise<readonly Outcome[]> {
  const outcomes: (readonly Outcome[])[] = files.map(() => [])
  const queue = files.entries()
  // one more than cores: some tests wait for a clock
  const worker = async (): Promise<void> => {
    for (const [index, file] of queue) {
      if (options.signal.aborted) return
      outcomes[index] = await runTestFile(file, options)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() + 1 }, worker))
  const left = await sweep(processesOf(files.map((file) => relative(options.root, file))))
  return [...outcomes.flat(), ...left]
}
