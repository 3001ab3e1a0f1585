import assert from 'node:assert/strict'
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { filesOfPaths, type PathsRefused } from './files-of-paths.ts'

const root = await realpath(await mkdtemp(join(tmpdir(), 'bulkhead-files-of-paths-')))
after(() => rm(root, { recursive: true }))
await mkdir(join(root, 'in'))
for (const name of ['b.csv', 'a.csv', 'in/c.csv']) await writeFile(join(root, name), '')
await symlink('/etc/passwd', join(root, 'out.txt'))

class Refused extends Error {
  readonly refused: PathsRefused
  constructor(refused: PathsRefused) {
    super(refused.message)
    this.refused = refused
  }
}
const { signal } = new AbortController()
const find = (...paths: string[]) => filesOfPaths(root, paths, (refused) => new Refused(refused), signal)

test('gives the files of each path in order, each once, with links resolved', async () => {
  const files = await find('in/*.csv', '*.csv', 'a.csv')
  assert.deepEqual(
    files.map(({ name }) => name),
    ['in/c.csv', 'a.csv', 'b.csv'],
  )
  assert.equal(files[0]?.path, join(root, 'in/c.csv'))
})

test('refuses what it does not find or must not read, with a fix where there is one', async () => {
  const refusals: [path: string, reason: PathsRefused['reason'], fix: RegExp | undefined][] = [
    ['c.csv', 'not-found', /Did you mean|Correct the path/],
    ['in/d.csv', 'not-found', /Did you mean in\/c\.csv/],
    ['../a.csv', 'outside-folder', undefined],
    ['out.txt', 'outside-folder', undefined],
    ['{a,b}'.repeat(12), 'query-invalid', /list of paths/],
  ]
  for (const [path, reason, fix] of refusals)
    await assert.rejects(find('a.csv', path), (error) => {
      assert.ok(error instanceof Refused, String(error))
      assert.equal(error.refused.reason, reason)
      if (fix === undefined) assert.equal(error.refused.fix, undefined)
      else assert.match(error.refused.fix ?? '', fix)
      return true
    })
})

test('ends by the reason of its signal', async () => {
  const stopped = AbortSignal.abort(new Error('enough'))
  await assert.rejects(
    filesOfPaths(root, ['*.csv'], (refused) => new Refused(refused), stopped),
    /enough/,
  )
})
