import { test } from 'node:test'
import { feltByNoOther } from './felt-by-no-other.ts'

test('an application that brings a broken connector, or whose systems are broken is felt by no other', (t) =>
  feltByNoOther(t, ['broken-connector', 'wrong-password', 'slow-source']))
