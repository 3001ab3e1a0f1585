import { test } from 'node:test'
import { feltByNoOther } from './felt-by-no-other.ts'

test('an application that floods its log, its queue or its disk is felt by no other', (t) =>
  feltByNoOther(t, ['floods-log', 'floods-queue', 'fills-disk']))
