import type { RunView } from '@bulkhead/contract'

export function isOver({ state }: RunView): boolean {
  return state !== 'queued' && state !== 'running'
}
