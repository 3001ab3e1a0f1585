import { test } from 'node:test'
import { feltByNoOther } from './felt-by-no-other.ts'

test('an application that exhausts its memory or crashes is felt by no other', (t) =>
  feltByNoOther(t, ['exhausts-heap', 'exhausts-buffers', 'crashes']))
