/**
 * `npm test`: every check of the project, in one command that sets up by itself.
 *
 * `npm test -- --fast`     format, lint, types, architecture and unit tests: the inner loop
 * `npm test -- PATTERN`    only files of tests whose path contains PATTERN, or fits it as a glob
 *
 * The last line is `N passed, N failed`, with `, N skipped` after it where some were. The exit code is 1 when
 * anything failed, or a phase had nothing to run.
 */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { countOf, inWords, notEmpty, type Outcome, strict } from './test/outcome.ts'
import { phasesOf } from './test/phase.ts'

const root = resolve(import.meta.dirname, '..')
const { values, positionals } = parseArgs({
  options: { fast: { type: 'boolean', default: false } },
  allowPositionals: true,
})
if (positionals.length > 1) {
  console.error('usage: npm test [-- --fast] [-- PATTERN]')
  process.exit(2)
}

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => stop.abort(new Error(`Stopped by ${signal}`)))
}

const all: Outcome[] = []
{
  await using resources = new AsyncDisposableStack()
  const choice = { root, fast: values.fast, pattern: positionals[0], signal: stop.signal }
  for (const phase of await phasesOf(choice, resources)) {
    const start = performance.now()
    const outcomes = await phase
      .run()
      .catch((error: unknown): Outcome[] => [
        { name: `the phase "${phase.name}" broke`, status: 'failed', detail: String(error) },
      ])
    if (stop.signal.aborted) break
    const judged = process.env['CI'] === 'true' ? strict(outcomes) : outcomes
    const found = notEmpty(phase.name, judged)
    print(phase.name, found, (performance.now() - start) / 1000)
    all.push(...found)
  }
}

if (stop.signal.aborted) {
  console.log(String(stop.signal.reason))
  all.push({ name: 'stopped', status: 'failed' })
}
const counts = countOf(all)
console.log(`\n${inWords(counts)}`)
process.exit(counts.failed > 0 ? 1 : 0)

function print(phase: string, outcomes: readonly Outcome[], seconds: number): void {
  console.log(`${phase.padEnd(10)} ${`${seconds.toFixed(1)} s`.padStart(8)}   ${inWords(countOf(outcomes))}`)
  for (const { status, file, name, detail } of outcomes) {
    const where = file === undefined ? name : `${file}: ${name}`
    if (status === 'skipped') console.log(`  skipped  ${where} (${detail ?? ''})`)
    if (status === 'failed') console.log(`  FAILED   ${where}\n${indent(detail ?? '')}\n`)
  }
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '    ')
}
