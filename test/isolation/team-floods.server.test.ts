import { test } from 'node:test'
import '../support/kafka.ts'
import '../support/postgres.ts'
import '../support/s3.ts'
import { feltByNoTeam } from './felt-by-no-other.ts'

test('an application that floods or poisons its topic is felt by no other', (t) =>
  feltByNoTeam(t, ['floods-topic', 'poisons-topic']))
