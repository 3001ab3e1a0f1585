/**
 * `npm run demo`: the main job on real data, as a user would run it: every step is the command itself,
 * and is shown. With DATABASE_URL it reads from that PostgreSQL instead, and writes nothing to it.
 * `npm run demo -- --once` says explicitly what it does anyway: it ends by itself. `--out FOLDER` puts the
 * results elsewhere than below bulkhead-out/, which git ignores.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { checkDownload } from './demo/check-download.ts'
import { databaseQuestions } from './demo/database.ts'
import { flightQuestions } from './demo/flights.ts'
import type { Question } from './demo/question.ts'
import { bulkhead, serveFiles, shown, type FileServer } from './demo/command.ts'

const databaseNote =
  'Data: rows that your PostgreSQL generates for the query. No table of yours is read, and nothing is written to it.'

const always = [
  { command: 'npx bulkhead serve-files', about: 'serves the links above, until they expire' },
  { command: 'npx bulkhead test examples/flights', about: 'the tests of an application, without its data' },
  { command: 'npx bulkhead init bulkhead-out/my-application', about: 'an application of your own' },
  { command: 'npx bulkhead --help', about: 'everything else' },
]

const checkout = resolve(import.meta.dirname, '..')
const { values } = parseArgs({ options: { once: { type: 'boolean' }, out: { type: 'string' } } })
const out = values.out === undefined ? [] : ['--out', resolve(values.out)]

const temporary = mkdtempSync(join(tmpdir(), 'bulkhead-demo-'))
let server: FileServer | undefined
const stop = (signal: NodeJS.Signals): void => {
  server?.stop()
  rmSync(temporary, { recursive: true, force: true })
  process.exit(signal === 'SIGINT' ? 130 : 143)
}
process.once('SIGINT', stop)
process.once('SIGTERM', stop)

try {
  const startedMs = Date.now()
  const url = process.env['DATABASE_URL'] ?? ''
  const questions = url === '' ? flightQuestions() : databaseQuestions(url, temporary)
  say('Bulkhead: one request in, one file and a signed link out.')
  say(
    url === ''
      ? 'Data: the flights of 2001, 3,000,000 of them, from the npm package vega-datasets.'
      : databaseNote,
  )
  server = await serveFiles()
  say(`The file server that serves the links is up at ${server.url}.`)
  for (const [index, question] of questions.entries()) await ask(index + 1, question, server)
  say(
    `\nDone in ${((Date.now() - startedMs) / 1000).toFixed(1)} s, and the file server is stopped. What to try next:\n`,
  )
  for (const { command, about } of questions.flatMap(({ next }) => next).concat(always))
    say(`  ${command}\n      ${about}`)
} catch (error) {
  console.error(`\nThe demo stopped: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
} finally {
  server?.stop()
  rmSync(temporary, { recursive: true, force: true })
}

/** One request, from its plan to the bytes behind its link. */
async function ask(number: number, question: Question, { url }: FileServer): Promise<void> {
  const environment = { ...question.environment, BULKHEAD_FILES_URL: url }
  say(`\n${number}  ${question.title}\n`)
  if (question.plan !== undefined) {
    say(`What would run, and what it guarantees:\n  $ ${shown(question.plan)}`)
    const plan = await bulkhead(question.plan, { environment })
    say(indent(plan.trimEnd()))
    say('')
  }
  const run = [...question.run, ...out]
  say(`Now it runs:\n  $ ${shown(run)}`)
  const reply: unknown = JSON.parse(await bulkhead(run, { environment }))
  say('\nThe reply event, as the requester gets it:')
  say(indent(JSON.stringify(reply, undefined, 2)))
  say('\nThe link in it, downloaded and held against the reply:')
  const { checks, path } = await checkDownload(reply)
  for (const check of checks) say(`  ✓ ${check}`)
  say(`  The file lies at ${relative(checkout, path)}`)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ')
}
