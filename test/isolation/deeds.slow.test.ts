import { test } from 'node:test'
import { feltByNoOther } from './felt-by-no-other.ts'

test('an application that hangs, spins, exhausts its memory or crashes is felt by no other', (t) =>
  feltByNoOther(t, ['hangs', 'spins', 'exhausts-heap', 'exhausts-buffers', 'crashes']))
