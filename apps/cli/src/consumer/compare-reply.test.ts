import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareReply } from './compare-reply.ts'

const reply = {
  status: 'completed',
  runId: '0199c1d2-1111-7aaa-8aaa-aaaaaaaaaaaa',
  finishedAt: '2026-11-21T10:00:00.000Z',
  context: { user: 'u17', page: [1, 2] },
  result: {
    rows: 12,
    bytes: 340,
    files: [{ name: 'a.csv', format: 'csv', url: 'http://x/1', rows: null }],
  },
}

test('ids, times, counts and links are compared by their kind, words that decide by their value', () => {
  assert.deepEqual(
    compareReply(
      {
        status: 'completed',
        runId: 'another',
        finishedAt: '2020-01-01T00:00:00Z',
        context: { page: [1, 2], user: 'u17' },
        result: { rows: 1, files: [{ name: 'a.csv', format: 'csv', url: 'https://y/2', rows: null }] },
      },
      reply,
    ),
    [],
  )
})

test('each broken expectation is told with its place', () => {
  const broken = [
    [{ status: 'failed' }, 'reply.status: expected "failed", got "completed"'],
    [{ location: 's3://x' }, 'reply.location: expected "s3://x", and there is nothing'],
    [{ runId: 7 }, 'reply.runId: expected a number such as 7, got a text'],
    [{ finishedAt: 'later' }, 'reply.finishedAt: expected a text such as "later", got a time'],
    [{ context: { user: 'u18' } }, 'reply.context: expected {"user":"u18"}, got {"page":[1,2],"user":"u17"}'],
    [
      { result: { files: [{ format: 'jsonl' }] } },
      'reply.result.files[0].format: expected "jsonl", got "csv"',
    ],
    [
      { result: { files: [{}, { name: 'b' }] } },
      'reply.result.files[1]: expected {"name":"b"}, and there is nothing',
    ],
    [
      { result: { files: [{ rows: 3 }] } },
      'reply.result.files[0].rows: expected a number such as 3, got null',
    ],
    [{ result: [] }, 'reply.result: expected a list, got an object'],
  ] as const
  for (const [expected, fault] of broken) assert.deepEqual(compareReply(expected, reply), [fault])
})
