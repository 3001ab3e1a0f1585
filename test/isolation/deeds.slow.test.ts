import { test } from 'node:test'
import { feltByNoOther } from './felt-by-no-other.ts'

test('an application that hangs, spins or exits is felt by no other', (t) =>
  feltByNoOther(t, ['hangs', 'spins', 'exits']))
