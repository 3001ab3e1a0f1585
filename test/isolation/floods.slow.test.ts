import { test } from 'node:test'
import { feltByNoOther } from './felt-by-no-other.ts'

test('an application that exits, floods log or queue, sends poison or far too much is felt by no other', (t) =>
  feltByNoOther(t, ['exits', 'floods-log', 'floods-queue', 'sends-poison', 'sends-much']))
