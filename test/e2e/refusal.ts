import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { bulkhead, filesBelow, type Ended, type StartOptions, temporaryFolder } from './command.ts'

/** What a bad input must come to: one documented error, a reply, and nothing half-written. */
export interface Refusal {
  readonly code: string
  readonly exit: number
  /** Undefined: it stands in no document. */
  readonly path: string | RegExp | undefined
  /** Faults that are told besides the first. */
  readonly others?: number
}

interface ReplyError {
  readonly code: string
  readonly kind: string
  readonly message: string
  readonly retryable: boolean
  readonly path?: string
  readonly fix?: string
  readonly documentation: string
}

interface FailureReply {
  readonly type: string
  readonly subject: string
  readonly source: string
  readonly data: { readonly status: string; readonly error: ReplyError; readonly result?: unknown }
}

/**
 * Runs a request that must be refused, with temporary folders of its own, and looks at everything that
 * it could have left behind.
 * @param options  `results`: the folder into which it would have written; `never`: what nobody may be told
 */
export async function assertRefused(
  t: TestContext,
  args: readonly string[],
  refusal: Refusal,
  options: StartOptions & { readonly results: string; readonly never?: RegExp },
): Promise<FailureReply> {
  const temporary = temporaryFolder(t)
  const ended = await bulkhead(['run', ...args], {
    ...options,
    environment: { TMPDIR: temporary, ...options.environment },
  })
  const reply = readReply(ended)
  const { error } = reply.data
  const said = `${ended.stdout}\n${ended.stderr}`
  assert.equal(reply.type, 'dev.bulkhead.run.failed.v1', said)
  assert.equal(reply.data.status, 'failed')
  assert.equal(error.code, refusal.code, said)
  assert.equal(ended.code, refusal.exit, said)
  if (refusal.path instanceof RegExp) assert.match(error.path ?? '', refusal.path)
  else assert.equal(error.path, refusal.path, said)
  assert.ok((error.fix ?? '').length > 10, 'it says what to do')
  assert.match(error.message, /\S{3}.*[^.]$/su, 'a sentence without a full stop')
  assert.equal(error.documentation, `docs/reference/errors.md#${error.code}`)
  assert.equal(reply.data.result, undefined)
  assertTold(ended, error, refusal)
  if (options.never !== undefined) assert.doesNotMatch(said, options.never)
  assert.deepEqual(filesBelow(options.results), [], 'nothing of a result is left')
  assert.deepEqual(runFolders(temporary), [], 'nothing temporary is left')
  return reply
}

function readReply({ stdout, stderr }: Ended): FailureReply {
  assert.equal(stdout.trim().split('\n').length, 1, `One reply on standard output: ${stdout}\n${stderr}`)
  return JSON.parse(stdout) as FailureReply
}

/** The same error for people: once, with code, path and fix, and no stack. */
function assertTold({ stderr }: Ended, { code, path }: ReplyError, { others = 0 }: Refusal): void {
  assert.equal(stderr.match(/^error: /gm)?.length, 1 + others, stderr)
  assert.ok(stderr.includes(`\n  code: ${code}\n`), stderr)
  if (path !== undefined) assert.ok(stderr.includes(`\n  path: ${path}\n`), stderr)
  assert.match(stderr, /\n {2}fix: {2}\S/)
  assert.doesNotMatch(stderr, /\n {4}at |node:internal/, 'no stack')
}

/** Folders of runs below the temporary folder; their parent may stay. */
function runFolders(temporary: string): readonly string[] {
  return readdirSync(temporary)
    .filter((name) => name.startsWith('bulkhead'))
    .flatMap((name) => readdirSync(join(temporary, name)).map((run) => join(name, run)))
}
