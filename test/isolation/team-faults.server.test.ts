import { test } from 'node:test'
import '../support/kafka.ts'
import '../support/postgres.ts'
import '../support/s3.ts'
import { feltByNoTeam } from './felt-by-no-other.ts'

test('an application that hangs behind its topic, or exhausts its database, is felt by no other', (t) =>
  feltByNoTeam(t, ['hangs-behind-topic', 'slow-database']))
