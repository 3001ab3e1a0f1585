import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Application } from '../application/application.ts'
import { describePlan, planAsData } from './describe-plan.ts'
import { flagsFor } from './flags.ts'
import { applicationOf, invoices, planOf } from './sample-application.test-support.ts'

function isOn(application: Application, flag: string, id: string): boolean {
  return flagsFor(application, { source: '', id })[flag] === true
}

/** Of a thousand requests those for which the flag is on. */
function chosen(percent: number, flag = 'new-tariff'): readonly string[] {
  const application = applicationOf({ flags: { [flag]: { percent } } })
  return Array.from({ length: 1000 }, (_, index) => `r${index}`).filter((id) => isOn(application, flag, id))
}

test('a value is the same for every request', () => {
  const application = applicationOf({ flags: { on: true, off: false, variant: 'b', factor: 1.5 } })
  for (const id of ['a', 'b'])
    assert.deepEqual(flagsFor(application, { source: '', id }), {
      on: true,
      off: false,
      variant: 'b',
      factor: 1.5,
    })
})

test('a share of requests is chosen, about as large as it says', () => {
  assert.equal(chosen(0).length, 0)
  assert.equal(chosen(100).length, 1000)
  for (const percent of [10, 50]) {
    const share = chosen(percent).length / 10
    assert.ok(Math.abs(share - percent) < 5, `${share} % instead of ${percent} %`)
  }
})

test('the same request is always chosen, and stays chosen while the share grows', () => {
  assert.deepEqual(chosen(20), chosen(20))
  const more = new Set(chosen(40))
  assert.ok(chosen(20).every((id) => more.has(id)))
})

test('two flags, two sources of requests and two applications choose differently', () => {
  const application = applicationOf({ flags: { one: { percent: 50 } } })
  const ids = Array.from({ length: 100 }, (_, index) => `r${index}`)
  const differing = (other: (id: string) => boolean): number =>
    ids.filter((id) => isOn(application, 'one', id) !== other(id)).length
  const another = applicationOf({ flags: { two: { percent: 50 } } })
  assert.ok(differing((id) => isOn(another, 'two', id)) > 20)
  assert.ok(differing((id) => flagsFor(application, { source: '/portal', id })['one'] === true) > 20)
  assert.ok(differing((id) => isOn({ ...application, name: 'crm' }, 'one', id)) > 20)
})

test('plan shows how flags stand, and nothing where there are none', () => {
  const plan = planOf(applicationOf({ flags: { variant: 'b', 'new-tariff': { percent: 100 } } }), invoices)
  assert.match(describePlan(plan), /^Flags +variant = "b", new-tariff = true$/m)
  assert.deepEqual(planAsData(plan)['flags'], { variant: 'b', 'new-tariff': true })
  const without = planOf(applicationOf(), invoices)
  assert.doesNotMatch(describePlan(without), /Flags/)
  assert.equal('flags' in planAsData(without), false)
})
