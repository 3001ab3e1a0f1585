import { type CreateTableBuilder, type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { ColumnTypes } from './migrations.ts'

/** Written against the tables of its day; later ones are none of its business. */
export function firstTables(types: ColumnTypes, after: readonly string[]): Migration {
  return {
    async up(db: Kysely<unknown>) {
      const big = types.bigInteger
      const counter = <T extends string, C extends string>(
        table: CreateTableBuilder<T, C>,
        name: string,
      ): CreateTableBuilder<T, C> =>
        table.addColumn(name as C, big, (column) =>
          types.counter === 'identity'
            ? column.generatedByDefaultAsIdentity().primaryKey()
            : column.autoIncrement().primaryKey(),
        )

      await db.schema
        .createTable('requests')
        .addColumn('digest', 'text', (column) => column.primaryKey())
        .addColumn('content_digest', 'text', (column) => column.notNull())
        .addColumn('run_id', 'text', (column) => column.notNull())
        .addColumn('answers', 'integer', (column) => column.notNull())
        .addColumn('accepted_at', big, (column) => column.notNull())
        .execute()
      await db.schema.createIndex('requests_by_age').on('requests').column('accepted_at').execute()
      await db.schema.createIndex('requests_by_run').on('requests').column('run_id').execute()

      await db.schema
        .createTable('runs')
        .addColumn('run_id', 'text', (column) => column.primaryKey())
        .addColumn('application', 'text', (column) => column.notNull())
        .addColumn('job', 'text')
        .addColumn('revision', 'text', (column) => column.notNull())
        .addColumn('request_digest', 'text', (column) => column.notNull())
        .addColumn('request_id', 'text', (column) => column.notNull())
        .addColumn('request_source', 'text', (column) => column.notNull())
        .addColumn('attempt', 'integer', (column) => column.notNull())
        .addColumn('state', 'text', (column) => column.notNull())
        .addColumn('epoch', 'integer', (column) => column.notNull())
        .addColumn('outcome_epoch', 'integer')
        .addColumn('server', 'text')
        .addColumn('lease_until', big)
        .addColumn('accepted_at', big, (column) => column.notNull())
        .addColumn('started_at', big)
        .addColumn('finished_at', big)
        .addColumn('valid_until', big)
        .addColumn('progress_rows', big)
        .addColumn('progress_bytes', big)
        .addColumn('progress_told_at', big)
        .addColumn('sequence', 'integer', (column) => column.notNull())
        .addColumn('destinations', 'text', (column) => column.notNull())
        .addColumn('context', 'text')
        .addColumn('actor', 'text', (column) => column.notNull())
        .addColumn('traceparent', 'text')
        .addColumn('reply', 'text')
        .addColumn('delivery', 'text')
        .addColumn('result_gone_at', big)
        .execute()
      // what is not over is little, whatever the table has grown to
      await db.schema
        .createIndex('runs_queued')
        .on('runs')
        .columns(['application', 'run_id'])
        .where(sql.ref('state'), '=', sql.lit('queued'))
        .execute()
      await db.schema
        .createIndex('runs_leased')
        .on('runs')
        .column('lease_until')
        .where(sql.ref('state'), '=', sql.lit('running'))
        .execute()
      await db.schema
        .createIndex('runs_by_application')
        .on('runs')
        .columns(['application', 'run_id'])
        .execute()
      await db.schema.createIndex('runs_by_state').on('runs').columns(['state', 'run_id']).execute()
      await db.schema.createIndex('runs_by_request_id').on('runs').columns(['request_id', 'run_id']).execute()
      await db.schema.createIndex('runs_by_end').on('runs').column('finished_at').execute()

      await db.schema
        .createTable('bodies')
        .addColumn('run_id', 'text', (column) => column.primaryKey())
        .addColumn('body', 'text', (column) => column.notNull())
        .execute()

      await db.schema
        .createTable('commands')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('run_id', 'text', (column) => column.notNull())
        .addColumn('command', 'text', (column) => column.notNull())
        .addColumn('reason', 'text', (column) => column.notNull())
        .addColumn('actor', 'text', (column) => column.notNull())
        .addColumn('asked_at', big, (column) => column.notNull())
        .addColumn('effective_at', big)
        .execute()
      await db.schema.createIndex('commands_by_run').on('commands').column('run_id').execute()

      await counter(db.schema.createTable('outbox'), 'position')
        .addColumn('id', 'text', (column) => column.notNull().unique())
        .addColumn('run_id', 'text', (column) => column.notNull())
        .addColumn('application', 'text', (column) => column.notNull())
        .addColumn('destination', 'text', (column) => column.notNull())
        .addColumn('place', 'text', (column) => column.notNull())
        .addColumn('message', 'text', (column) => column.notNull())
        .addColumn('reply', 'text', (column) => column.notNull())
        .addColumn('delivery', 'text')
        .addColumn('revision', 'text', (column) => column.notNull())
        .addColumn('request_source', 'text', (column) => column.notNull())
        .addColumn('state', 'text', (column) => column.notNull())
        .addColumn('tries', 'integer', (column) => column.notNull())
        .addColumn('due_at', big, (column) => column.notNull())
        .addColumn('written_at', big, (column) => column.notNull())
        .addColumn('sent_at', big)
        .addColumn('last_error', 'text')
        .addColumn('traceparent', 'text')
        .execute()
      await db.schema
        .createIndex('outbox_due')
        .on('outbox')
        .columns(['place', 'due_at', 'position'])
        .where(sql.ref('state'), '=', sql.lit('due'))
        .execute()
      await db.schema.createIndex('outbox_by_run').on('outbox').columns(['run_id', 'position']).execute()
      await db.schema.createIndex('outbox_by_state').on('outbox').columns(['state', 'position']).execute()
      await db.schema.createIndex('outbox_by_age').on('outbox').column('written_at').execute()

      await counter(db.schema.createTable('events'), 'sequence')
        .addColumn('at', big, (column) => column.notNull())
        .addColumn('application', 'text')
        .addColumn('run_id', 'text')
        .addColumn('type', 'text', (column) => column.notNull())
        .addColumn('actor', 'text', (column) => column.notNull())
        .addColumn('data', 'text', (column) => column.notNull())
        .execute()
      await db.schema.createIndex('events_by_run').on('events').columns(['run_id', 'sequence']).execute()
      await db.schema
        .createIndex('events_by_application')
        .on('events')
        .columns(['application', 'sequence'])
        .execute()
      await db.schema.createIndex('events_by_age').on('events').column('at').execute()

      await db.schema
        .createTable('log_segments')
        .addColumn('run_id', 'text', (column) => column.notNull())
        .addColumn('position', big, (column) => column.notNull())
        .addColumn('epoch', 'integer', (column) => column.notNull())
        .addColumn('number', 'integer', (column) => column.notNull())
        .addColumn('written_at', big, (column) => column.notNull())
        .addColumn('bytes', 'integer', (column) => column.notNull())
        .addColumn('text', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('log_segments_key', ['run_id', 'position'])
        .execute()
      await db.schema.createIndex('log_segments_by_age').on('log_segments').column('written_at').execute()

      await db.schema
        .createTable('schedules')
        .addColumn('application', 'text', (column) => column.notNull())
        .addColumn('trigger', 'text', (column) => column.notNull())
        .addColumn('last_at', big, (column) => column.notNull())
        .addPrimaryKeyConstraint('schedules_key', ['application', 'trigger'])
        .execute()

      await db.schema
        .createTable('tokens')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('sha256', 'text', (column) => column.notNull().unique())
        .addColumn('scopes', 'text', (column) => column.notNull())
        .addColumn('created_at', big, (column) => column.notNull())
        .addColumn('expires_at', big)
        .addColumn('revoked_at', big)
        .execute()

      for (const statement of after) await sql.raw(statement).execute(db)
    },
  }
}
