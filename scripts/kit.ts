/**
 * `npm run kit -- NAME...`: runs the contract test kit of connectors against their real systems, and writes what
 * came of it into `connectors/NAME/kit.json`, from which `npm run generate` makes the table in the README.
 *
 * Nothing is written of a connector of which a check failed.
 */
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { startServices } from './services/start.ts'
import { serversOf } from './test/find-test-files.ts'
import { countOf, inWords } from './test/outcome.ts'
import { runTestFile } from './test/run-test-file.ts'

const root = resolve(import.meta.dirname, '..')
const names = process.argv.slice(2)
const files = names.flatMap((name) => globSync(`connectors/${name}/src/kit*.test.ts`, { cwd: root }))
if (names.length === 0 || files.length < names.length) {
  console.error('usage: npm run kit -- NAME...   (connectors that have a kit*.test.ts)')
  process.exit(2)
}

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => stop.abort(new Error(`Stopped by ${signal}`)))
}
const folder = mkdtempSync(join(tmpdir(), 'bulkhead-kit-'))
{
  await using services = await startServices([
    ...new Set(files.flatMap((file) => [...serversOf(join(root, file))])),
  ])
  for (const name of names) await runKit(name, services.environment)
}
rmSync(folder, { recursive: true })
process.exit(process.exitCode)

async function runKit(name: string, servers: Readonly<Record<string, string>>): Promise<void> {
  const results = join(folder, `${name}.jsonl`)
  const environment = { ...servers, BULKHEAD_KIT_RESULTS: results }
  const options = { root, environment, timeoutMs: 10 * 60_000, signal: stop.signal }
  const outcomes = []
  for (const file of globSync(`connectors/${name}/src/kit*.test.ts`, { cwd: root }).toSorted()) {
    outcomes.push(...(await runTestFile(join(root, file), options)))
  }
  console.log(`${name.padEnd(12)} ${inWords(countOf(outcomes))}`)
  for (const { status, name: title, detail } of outcomes) {
    if (status === 'failed') console.log(`  FAILED  ${title}\n${detail ?? ''}`)
  }
  if (countOf(outcomes).failed > 0 || !existsSync(results)) {
    process.exitCode = 1
    return
  }
  const { version } = JSON.parse(readFileSync(join(root, 'connectors', name, 'package.json'), 'utf8')) as {
    readonly version: string
  }
  const runs = readFileSync(results, 'utf8')
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
  const path = join('connectors', name, 'kit.json')
  writeFileSync(join(root, path), `${JSON.stringify({ version, runs }, undefined, 2)}\n`)
  console.log(`wrote        ${path}; now run npm run generate`)
}
