import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import process from 'node:process'
import { runIdOf } from '@bulkhead/engine/job/run-id'
import { type Supervised, tellSupervised } from './supervised.ts'

export interface SupervisedRequest {
  /** `run ...`, as it stands on a command line. */
  readonly args: readonly string[]
  /** What it reads on its standard input; undefined: nothing. */
  readonly input: Uint8Array | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly folder: string
  /** Its wish to stop is passed on. */
  readonly stop: AbortSignal
  /** Told what the processes write to standard error. */
  readonly messages: (bytes: Uint8Array) => void
}

export interface SupervisedEnd {
  /** The reply, one line of JSON; undefined when nobody could give one. */
  readonly reply: string | undefined
  /** Of the process that answered. */
  readonly exitCode: number
}

/** After a stop a run cleans up within ten seconds, remembers and replies; then it is killed. */
const stopMs = 14_000
/** All of it is over before the thirty seconds that Kubernetes gives by default. */
const answerAfterStopMs = 10_000
const answerMs = 180_000
const triesToAnswer = 2
/** A reply names every file of its result (I8). */
const mostReplyBytes = 64 * 1024 * 1024

/**
 * Runs a request in a process of its own, and answers for it when that dies: killed for its memory, by a fault of
 * native code, or by whoever; what it left is removed, and its reply goes to all destinations (I3). This process
 * reads no application and no secret, and loads no connector.
 */
export async function superviseRun(request: SupervisedRequest): Promise<SupervisedEnd> {
  const runId = runIdOf(Date.now(), randomBytes(10))
  const { stop } = request
  const ran = await runProcess(request, { runId }, { untilMs: undefined, stop })
  if (ran.reply !== undefined) return ran
  const died = { how: ran.how, asked: stop.aborted }
  for (let tries = 1; tries <= triesToAnswer; tries++) {
    const untilMs = stop.aborted ? answerAfterStopMs / triesToAnswer : answerMs
    const answered = await runProcess(request, { runId, died }, { untilMs, stop: undefined })
    if (answered.reply !== undefined) return answered
  }
  return { reply: undefined, exitCode: 1 }
}

interface Ran extends SupervisedEnd {
  /** How it ended, for a sentence. */
  readonly how: string
}

async function runProcess(
  { args, input, environment, folder, messages }: SupervisedRequest,
  told: Supervised,
  bounds: { readonly untilMs: number | undefined; readonly stop: AbortSignal | undefined },
): Promise<Ran> {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', ...args], {
    cwd: folder,
    env: tellSupervised(environment, told),
    stdio: ['pipe', 'pipe', 'pipe'],
    // a signal of the terminal reaches this process alone, which passes it on
    detached: true,
  })
  child.stdin.on('error', () => undefined) // it may end without reading
  child.stdin.end(input ?? '')
  child.stderr.on('data', messages)
  preferByOutOfMemory(child)
  const timers = new Set<NodeJS.Timeout>()
  const kill = (): void => void child.kill('SIGKILL')
  if (bounds.untilMs !== undefined) timers.add(setTimeout(kill, bounds.untilMs))
  const end = (): void => {
    child.kill('SIGTERM')
    timers.add(setTimeout(kill, stopMs))
  }
  const { stop } = bounds
  stop?.addEventListener('abort', end, { once: true })
  if (stop?.aborted === true) end()
  try {
    return await endOf(child)
  } finally {
    stop?.removeEventListener('abort', end)
    for (const timer of timers) clearTimeout(timer)
  }
}

function endOf(child: ChildProcess): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let bytes = 0
    child.stdout?.on('data', (part: Buffer) => {
      bytes += part.length
      if (bytes <= mostReplyBytes) parts.push(part)
    })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      const text = bytes <= mostReplyBytes ? Buffer.concat(parts).toString() : ''
      // it prints the reply, in one line, when it has been delivered
      const reply = text.endsWith('\n') ? text : undefined
      const how = signal === null ? `ended without an answer (exit code ${code})` : `was killed (${signal})`
      resolve({ reply, how, exitCode: code ?? (reply === undefined ? 1 : 0) })
    })
  })
}

/** When memory runs out, the kernel is to choose the run and not whoever answers for it. Only Linux knows this. */
function preferByOutOfMemory({ pid }: ChildProcess): void {
  if (pid !== undefined) writeFile(`/proc/${pid}/oom_score_adj`, '800').catch(() => undefined)
}
