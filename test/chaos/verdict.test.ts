/** A verdict that cannot be bad proves nothing: each fault that it looks for is planted here. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReplyEvent } from '@bulkhead/contract'
import { namesOf } from './chaos-applications.ts'
import { type ChaosRequest, expectedFile } from './requests.ts'
import { judge } from './verdict.ts'

const [application] = namesOf(1, 'test')
assert.ok(application)
const request: ChaosRequest = { id: 'req-1', application, seed: 1, rows: 3 }
const { bytes, sha256 } = expectedFile(request)

function answer(
  changes: { id?: string; runId?: string; bytes?: number; url?: string; status?: string } = {},
): ReplyEvent {
  const runId = changes.runId ?? 'run-1'
  return {
    id: changes.id ?? 'digest/1/completed',
    data: {
      application: application?.name,
      requestId: 'req-1',
      runId,
      status: changes.status ?? 'completed',
      result: {
        files: [
          {
            name: 'rows.csv',
            url: changes.url ?? 'https://a',
            rows: 3,
            bytes: changes.bytes ?? bytes,
            location: `s3://bucket/chaos-01/${runId}/rows.csv`,
            checksum: { value: sha256 },
          },
        ],
      },
    },
  } as unknown as ReplyEvent
}

const key = 'chaos-01/run-1/rows.csv'
const stored = { objects: [{ key, bytes }], uploads: [] }
const faultsOf = (
  replies: readonly ReplyEvent[],
  contents: Parameters<typeof judge>[2] = stored,
): readonly string[] => judge([request], new Map([['chaos-01/req-1', replies]]), contents).faults

test('one answer, and the same once more with another link, is well', () => {
  assert.deepEqual(faultsOf([answer()]), [])
  const tally = judge(
    [request],
    new Map([['chaos-01/req-1', [answer(), answer({ url: 'https://b' })]]]),
    stored,
  )
  assert.deepEqual(tally, { requests: 1, answered: 1, messages: 2, repeats: 1, faults: [] })
})

test('every kind of harm is found', () => {
  assert.match(faultsOf([]).join(), /no answer/)
  assert.match(
    faultsOf([answer(), answer({ id: 'digest/2/completed', runId: 'run-2' })]).join(),
    /2 outcomes/,
  )
  assert.match(faultsOf([answer(), answer({ bytes: 1 })]).join(), /two different messages/)
  assert.match(faultsOf([answer({ bytes: 1 })]).join(), /not the one of an undisturbed run/)
  assert.match(faultsOf([answer({ status: 'failed' })]).join(), /: failed/)
  assert.match(faultsOf([answer()], { ...stored, objects: [] }).join(), /not there/)
  assert.match(
    faultsOf([answer()], {
      ...stored,
      objects: [...stored.objects, { key: 'chaos-01/run-0/rows.csv', bytes: 1 }],
    }).join(),
    /no reply names/,
  )
  assert.match(faultsOf([answer()], { ...stored, uploads: [{ key, uploadId: 'u' }] }).join(), /nobody ended/)
  const strange = judge([], new Map([['chaos-01/req-9', [answer()]]]), { objects: [], uploads: [] })
  assert.match(strange.faults.join(), /never asked/)
})
