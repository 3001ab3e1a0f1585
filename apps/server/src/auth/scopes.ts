import type { Actor } from '../repository/repository.ts'

/** Who calls, and what they may do. */
export interface Caller {
  readonly actor: Actor
  readonly scopes: readonly string[]
  /** Whom the rate limit counts: a token. */
  readonly key: string
}

/** What a call needs; `application` undefined: the right to do it for all of them. */
export type Need =
  | { readonly right: 'admin' }
  | { readonly right: 'metrics' }
  | { readonly right: 'read' | 'run' | 'apply'; readonly application: string | undefined }

/**
 * Whether scopes allow something. `admin` allows everything; who may run or change an application may read its runs,
 * for they have to see what they did.
 */
export function allows(scopes: readonly string[], need: Need): boolean {
  if (scopes.includes('admin')) return true
  if (need.right === 'admin' || need.right === 'metrics') return scopes.includes(need.right)
  const rights = need.right === 'read' ? ['read', 'run', 'apply'] : [need.right]
  return rights.some(
    (right) =>
      scopes.includes(`${right}:*`) ||
      (need.application !== undefined && scopes.includes(`${right}:${need.application}`)),
  )
}

/** For messages: the scope that would allow it. */
export function scopeFor(need: Need): string {
  return need.right === 'admin' || need.right === 'metrics'
    ? need.right
    : `${need.right}:${need.application ?? '*'}`
}
