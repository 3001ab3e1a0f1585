import { test } from 'node:test'
import { feltByNoOther } from './felt-by-no-other.ts'

test('an application that sends poison or far too much, or breaks its manifest is felt by no other', (t) =>
  feltByNoOther(t, ['sends-poison', 'sends-much', 'broken-manifest']))
