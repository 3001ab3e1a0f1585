import { test } from 'node:test'
import { feltByNoOther } from './felt-by-no-other.ts'

test('an application that is broken itself, or whose systems are, or that fills its disk is felt by no other', (t) =>
  feltByNoOther(t, ['broken-connector', 'broken-manifest', 'wrong-password', 'slow-source', 'fills-disk']))
