/** What a request and its attempts are, in so few words that they are plainly right. */
import type { FinalState } from '@bulkhead/contract'

export const leaseMs = 1000
export const attempts = 3

export interface ModelRun {
  readonly runId: string
  readonly attempt: number
  state: 'queued' | 'running' | FinalState
  epoch: number
  leaseUntil: number
  retryable: boolean
  cancelAsked: boolean
}

export interface ModelRequest {
  readonly id: string
  content: string
  runs: ModelRun[]
  answers: number
  /** Last parts of the ids of all messages, each with its attempt. */
  readonly messages: string[]
}

export function newest(request: ModelRequest): ModelRun {
  const run = request.runs.at(-1)
  if (run === undefined) throw new Error('The request was never taken')
  return run
}

export function isOver({ state }: ModelRun): boolean {
  return state !== 'queued' && state !== 'running'
}

export function begin(request: ModelRequest, runId: string): void {
  request.runs.push({
    runId,
    attempt: request.runs.length + 1,
    state: 'queued',
    epoch: 0,
    leaseUntil: 0,
    retryable: false,
    cancelAsked: false,
  })
}

export function end(request: ModelRequest, run: ModelRun, state: FinalState, retryable: boolean): void {
  run.state = state
  run.retryable = retryable
  request.messages.push(`${run.attempt}/${state}`)
}

function answer(request: ModelRequest): void {
  request.answers += 1
  request.messages.push(`${newest(request).attempt}/answer-${request.answers}`)
}

/** `contract.md`, "Same request again". @returns what the repository should say */
export function arrive(request: ModelRequest, content: string, runId: string): string {
  if (request.runs.length === 0) {
    request.content = content
    begin(request, runId)
    return 'new'
  }
  const run = newest(request)
  if (request.content !== content) {
    answer(request)
    return 'reused'
  }
  if (!isOver(run)) return 'under-way'
  if (run.state === 'failed' && run.retryable) {
    begin(request, runId)
    return 'new'
  }
  if (run.state === 'completed' || run.state === 'completed-with-errors') answer(request)
  return 'answered'
}

export function lose(request: ModelRequest, run: ModelRun): void {
  if (run.cancelAsked) end(request, run, 'cancelled', false)
  else if (run.epoch >= attempts) end(request, run, 'failed', false)
  else run.state = 'queued'
}

export function cancel(request: ModelRequest, run: ModelRun): string {
  if (isOver(run)) return 'run-over'
  if (run.state === 'running') {
    run.cancelAsked = true
    return 'accepted'
  }
  end(request, run, 'cancelled', false)
  return 'effective'
}
