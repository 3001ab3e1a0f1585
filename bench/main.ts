/**
 * `npm run bench`: exports of generated data by the command, against `psql` and other tools, interleaved.
 *
 * `npm run bench -- --rows 100000 --runs 3 --only csv,jsonl,start-up`
 *
 * Prints a table, or with `--json` the figures as JSON, and writes them below bench/results/. A target that
 * is missed is said and fails nothing: how fast a machine is proves nothing about the code.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { installCommand } from './bulkhead-command.ts'
import { figuresOf, type LaneFigures, type PairResult, type RunnableLane, runPair } from './compare-lane.ts'
import { createWideTable } from './generated-rows.ts'
import { judgeTargets } from './judge-targets.ts'
import { type Lane, lanes } from './lanes.ts'
import { busyCores, describeMachine } from './measure/machine.ts'
import { spreadOf } from './measure/statistics.ts'
import { otherLanes } from './other-lane.ts'
import {
  lanesText,
  loadText,
  machineText,
  requestsText,
  startUpText,
  verdictsText,
  waitingText,
} from './report.ts'
import { measureRequests, type RequestFigures } from './requests/measure-requests.ts'
import { openScratchDatabase, type ScratchDatabase } from './scratch-database.ts'
import { measureStartUp, type StartUp } from './start-up.ts'
import { targets } from './targets.ts'
import { measureWaiting, type WaitingFigures } from './waiting/measure-waiting.ts'
import { wholeNumber } from './whole-number.ts'

const names = [
  ...lanes.map(({ name }) => name),
  ...Object.keys(otherLanes),
  'start-up',
  'requests',
  'waiting',
]
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '5' },
    only: { type: 'string', default: names.join(',') },
    json: { type: 'boolean', default: false },
  },
})
const rows = wholeNumber(values.rows, '--rows')
const runs = wholeNumber(values.runs, '--runs')
const only = values.only.split(',')
const unknown = only.find((name) => !names.includes(name))
if (unknown !== undefined) {
  console.error(`There is no "${unknown}" to measure, only ${names.join(', ')}`)
  process.exit(2)
}

// servers of their full speed and size, where a test makes do with less
process.env['BULKHEAD_TEST_MEASURED'] ??= 'true'

const say = (text: string): void => console.error(text)
const table = 'export_rows'
const measuredAt = new Date()
const restMs = 400

await using database = await openScratchDatabase()
say('Building the command')
const command = await installCommand(database.folder)
const chosen = lanes.filter(({ name }) => only.includes(name))
if (chosen.length > 0) {
  say(`Generating ${rows} rows`)
  const statements = createWideTable(table, rows)
  await database.execute(statements)
}
const others: number[] = []
await using opened = new AsyncDisposableStack()
const runnable = [...chosen.map((lane) => psqlLane(lane, database)), ...(await openOthers(database))]
const figures = {
  lanes: await compare(runnable),
  startUp: only.includes('start-up') ? await startUp(database) : undefined,
  requests: only.includes('requests') ? await requests(database) : [],
  waiting: only.includes('waiting') ? await waiting(database) : [],
}

const machine = describeMachine()
const busy = others.length === 0 ? undefined : spreadOf(others)
const verdicts = judgeTargets(targets, figures)
const report = { measuredAt: measuredAt.toISOString(), machine, busy, rows, runs, ...figures, verdicts }
const file = await keep(report)
if (values.json) console.log(JSON.stringify(report, null, 2))
else {
  const { lanes: measured, startUp: begun, requests: asked, waiting: waits } = figures
  const parts = [
    `${rows} rows, ${runs} interleaved runs, medians; memory is RSS of all processes of a run, the worst run\n` +
      `${machineText(machine)}\n${loadText(busy)}`,
    ...(measured.length > 0 ? [lanesText(measured)] : []),
    ...(begun === undefined ? [] : [startUpText(begun)]),
    ...(asked.length > 0 ? [requestsText(asked)] : []),
    ...(waits.length > 0 ? [waitingText(waits)] : []),
    verdictsText(verdicts),
  ]
  console.log(`${parts.join('\n\n')}\n\n${file}`)
}

function psqlLane(lane: Lane, scratch: ScratchDatabase): RunnableLane {
  const { url, environment, folder } = scratch
  const psql = { database: url, query: `SELECT * FROM ${table}`, environment, folder }
  return { ...lane, run: (turn) => runPair(lane, { command, psql, rows }, turn) }
}

/** Lanes of other systems; one whose server cannot run here is left out, unless it was asked for. */
async function openOthers({ folder }: ScratchDatabase): Promise<readonly RunnableLane[]> {
  const lanesOfOthers: RunnableLane[] = []
  for (const [name, open] of Object.entries(otherLanes)) {
    if (!only.includes(name)) continue
    const lane = await open({ command, folder, rows, say })
    if ('reason' in lane) {
      say(`${name} is left out: ${lane.reason}`)
      if (only.length < names.length) process.exitCode = 1
    } else lanesOfOthers.push(opened.use(lane))
  }
  return lanesOfOthers
}

/** All lanes once, then all again: what slows the machine down for a while slows all of them down. */
async function compare(wanted: readonly RunnableLane[]): Promise<readonly LaneFigures[]> {
  const results = new Map(wanted.map((lane): [RunnableLane, PairResult[]] => [lane, []]))
  for (const [index, { name, warmUps = index === 0 ? 1 : 0, run }] of wanted.entries()) {
    for (let turn = 0; turn < warmUps; turn++) {
      say(`Warming up ${name}`)
      await run(turn)
    }
  }
  for (let run = 0; run < runs; run++) {
    for (const [lane, pairs] of results) {
      await rest()
      const pair = await lane.run(run)
      pairs.push(pair)
      const { bulkhead, peer } = pair
      const seconds = [bulkhead, peer].map(({ cost }) => cost.wallSeconds.toFixed(2))
      say(`Run ${run + 1} of ${runs}, ${lane.name}: ${seconds[0]} s, its peer ${seconds[1]} s`)
    }
  }
  return [...results].map(([lane, pairs]) => figuresOf(lane, pairs))
}

async function startUp(scratch: ScratchDatabase): Promise<StartUp> {
  say('Measuring the start')
  await rest()
  return measureStartUp(command, scratch.url, scratch.folder, Math.max(5, runs * 2))
}

function requests(scratch: ScratchDatabase): Promise<readonly RequestFigures[]> {
  return measureRequests({ command, scratch, rounds: runs, rest, say })
}

function waiting(scratch: ScratchDatabase): Promise<readonly WaitingFigures[]> {
  return measureWaiting({ command, scratch, rounds: runs, rest, say })
}

/** Between two runs all that works on this machine are others. */
async function rest(): Promise<void> {
  const cores = await busyCores(restMs)
  if (cores !== undefined) others.push(cores)
}

async function keep(figuresOfRun: unknown): Promise<string> {
  const folder = join(import.meta.dirname, 'results')
  await mkdir(folder, { recursive: true })
  const path = join(folder, `bench-${measuredAt.toISOString().replaceAll(/[:.]/g, '-')}.json`)
  await writeFile(path, `${JSON.stringify(figuresOfRun, null, 2)}\n`)
  return path
}
