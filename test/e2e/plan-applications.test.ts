/** `bulkhead plan --apps`: what a change does to a folder of applications, as CI asks it, without any server. */
import assert from 'node:assert/strict'
import { appendFileSync, cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ApplicationChange } from '@bulkhead/contract'
import { bulkhead, checkout, json, temporaryFolder } from './command.ts'

interface Planned {
  readonly hash: string
  readonly applications: readonly ApplicationChange[]
  readonly check?: { readonly outside: readonly string[] }
}

const examples = join(checkout, 'examples')

test('a change of one application moves that one, and --check holds it to that', async (t) => {
  const folder = temporaryFolder(t)
  const [then, now, file] = ['then', 'now', 'state.json'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  cpSync(examples, then, { recursive: true })
  cpSync(examples, now, { recursive: true })
  assert.equal((await bulkhead(['plan', '--apps', then, '--out', file])).code, 0)
  appendFileSync(join(now, 'flights', 'application.yaml'), '\n# nothing but a comment\n')
  const same = await bulkhead(['plan', '--apps', now, '--against', file, '--check', '--json'])
  assert.equal(same.code, 0, same.stderr)
  assert.ok(json<Planned>(same).applications.every(({ action }) => action === 'none'))

  appendFileSync(join(now, 'flights', 'departures.sql'), '\n-- another query\n')
  const inside = await bulkhead(['plan', '--apps', now, '--against', file, '--check', 'flights', '--json'])
  const plan = json<Planned>(inside)
  assert.equal(inside.code, 0)
  assert.deepEqual(
    plan.applications.filter(({ action }) => action !== 'none').map(({ application }) => application),
    ['flights'],
  )
  assert.deepEqual(
    plan.applications.flatMap(({ changes }) => changes.map(({ place, effect }) => [place, effect])),
    [['files/departures.sql', 'next-run']],
  )
  // against the folder that the file was written from: the same plan, by its hash
  const folders = await bulkhead(['plan', '--apps', now, '--against', then, '--json'])
  assert.equal(json<Planned>(folders).hash, plan.hash)

  const outside = await bulkhead(['plan', '--apps', now, '--against', file, '--check', 'invoices'])
  assert.equal(outside.code, 4)
  assert.match(outside.stdout, /~ flights {2}next-run/)
  assert.match(outside.stdout, /More moves than --check lets: 1 application: flights/)
})

test('what cannot be used is set aside alone, and fails a check', async (t) => {
  const now = join(temporaryFolder(t), 'now')
  cpSync(examples, now, { recursive: true })
  writeFileSync(join(now, 'flights', 'application.yaml'), 'a: b: c')
  rmSync(join(now, 'invoices'), { recursive: true })
  const args = ['plan', '--apps', now, '--against', examples, '--json', '--check', 'flights', 'invoices']
  const planned = await bulkhead(args)
  const plan = json<Planned>(planned)
  assert.equal(planned.code, 4)
  assert.deepEqual(plan.check?.outside, ['flights'])
  const moves = plan.applications.filter(({ action }) => action !== 'none')
  assert.deepEqual(
    moves.map(({ application, action, error }) => [application, action, error?.code]),
    [
      ['flights', 'set-aside', 'manifest-unreadable'],
      ['invoices', 'remove', undefined],
    ],
  )
})

test('what is no plan is refused, and names the option', async (t) => {
  const file = join(temporaryFolder(t), 'other.json')
  writeFileSync(file, '{}')
  const refused = await bulkhead(['plan', '--apps', examples, '--against', file, '--json'])
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /"path":"against"/)
  assert.equal((await bulkhead(['plan', '--apps', examples, '--job', 'x'])).code, 2)
})
