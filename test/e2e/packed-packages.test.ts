/**
 * What is published, as strangers get it: packed, unpacked below `node_modules`, where Node strips no types
 * and no development condition is set.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { installPacked } from '../../scripts/build/install-packed.ts'
import { buildCheck, runCheck } from '../../scripts/test/static-check.ts'
import { startStub } from './start-stub.ts'
import { packageFolders, readManifest, root } from '../architecture/checkout.ts'

const run = promisify(execFile)

/** A project that has installed Bulkhead: every package packed and unpacked, vendors linked from this checkout. */
async function installed(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-packed-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const build = await runCheck(buildCheck, root, new AbortController().signal)
  assert.equal(build.status, 'passed', build.detail)

  await installPacked(root, folder)
  return folder
}

test('the packed packages work where no source is', async (t) => {
  const folder = await installed(t)
  const bulkhead = async (...args: readonly string[]): Promise<string> => {
    const command = join(folder, 'node_modules/@bulkhead/cli/bin/bulkhead')
    const PATH = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`
    const { stdout } = await run(command, args, {
      cwd: folder,
      env: { ...process.env, PATH, NODE_OPTIONS: '' },
    })
    return stdout
  }

  await t.test('no package holds TypeScript, a test, or what only tests use', () => {
    const files = readdirSync(join(folder, 'node_modules/@bulkhead'), {
      recursive: true,
      encoding: 'utf8',
    }).filter((file) => !file.includes('node_modules'))
    assert.ok(files.some((file) => file.endsWith('.d.ts')))
    const wrong = files.filter(
      (file) =>
        !file.startsWith('cli/templates/') && // what they hold is for packages yet to be made
        ((file.endsWith('.ts') && !file.endsWith('.d.ts')) || /\.test\b|tsbuildinfo/.test(file)),
    )
    assert.deepEqual(wrong, [])
  })

  await t.test('every package can be imported by its name', async () => {
    const names = packageFolders(root).map((source) => readManifest(root, source).name)
    const code = `for (const name of ${JSON.stringify(names)}) await import(name)`
    await run(process.execPath, ['--input-type=module', '-e', code], { cwd: folder })
  })

  await t.test('the command finds the connectors, copies a file and answers', async () => {
    const list = await bulkhead('connectors', 'list', '--json')
    for (const connector of readdirSync(join(root, 'connectors')))
      assert.match(list, new RegExp(`"${connector}"`))
    await writeFile(join(folder, 'rows.csv'), 'id,name\n1,Ada\n2,Grace\n')
    await bulkhead('copy', 'rows.csv', 'rows.jsonl')
    assert.equal(
      await readFile(join(folder, 'rows.jsonl'), 'utf8'),
      '{"id":1,"name":"Ada"}\n{"id":2,"name":"Grace"}\n',
    )
  })

  await t.test('the command writes every format that needs a library, or code of its own', async () => {
    await writeFile(join(folder, 'table.csv'), 'id,name\n1,Ada\n')
    for (const [format, magic] of [
      ['parquet', 'PAR1'],
      ['avro', 'Obj\u0001'],
      ['xlsx', 'PK\u0003\u0004'],
    ] as const) {
      await bulkhead('copy', 'table.csv', `table.${format}`)
      const bytes = await readFile(join(folder, `table.${format}`))
      assert.equal(bytes.toString('latin1', 0, 4), magic)
    }
  })

  await t.test('the stub of an application runs in processes of its own kind', async (scope) => {
    await bulkhead('init', 'shop')
    const command = join(folder, 'node_modules/@bulkhead/cli/bin/bulkhead')
    const stub = await startStub(scope, join(folder, 'shop'), [], { program: [command], folder })
    const { status, warnings } = await stub.reply('shop', 'sales', { parameters: { year: 2026 } })
    assert.equal(status, 'completed')
    assert.match(warnings[0] ?? '', /^This is a stub of "shop"/)
  })
})
