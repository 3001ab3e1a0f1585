import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applicationSchema } from '@bulkhead/contract'
import { stubManifest, type StubSurroundings } from './stub-manifest.ts'

const real = applicationSchema.parse({
  apiVersion: 'bulkhead.dev/v1beta1',
  kind: 'Application',
  metadata: { name: 'shop' },
  spec: {
    owner: 'test',
    triggers: {
      topic: { kafka: { cluster: 'main', topic: 'shop.requests' } },
      drop: { folder: { path: '/var/spool/shop' } },
      nightly: { cron: { schedule: '0 2 * * *' }, job: 'sales' },
    },
    replies: {
      topic: { kafka: { cluster: 'main', topic: 'shop.replies' }, messages: ['accepted'] },
      hook: { webhook: { url: 'https://real.example.com/hook', secret: { secret: 'hook' } } },
      folder: { file: { folder: '/var/spool/replies' } },
    },
    policy: { network: { allow: ['*'] }, limits: { rows: 10 } },
  },
})

const nowhere: StubSurroundings = {
  folder: '/stub',
  clusters: new Set(),
  webhooks: new Map(),
  variables: {},
}

test('a stub reaches nothing, and nobody that its user did not name; everything else stays', () => {
  const { manifest, folders, notices } = stubManifest(real, nowhere)
  assert.deepEqual(manifest.spec.policy, { ...real.spec.policy, network: { allow: [] } })
  assert.deepEqual(Object.keys(manifest.spec.triggers), ['drop'])
  assert.deepEqual(Object.keys(manifest.spec.replies), ['folder'])
  assert.deepEqual(folders, ['/stub/inbox/drop', '/stub/replies/folder'])
  assert.equal(notices.length, 6)
  assert.doesNotMatch(JSON.stringify(manifest), /\/var\/spool|real\.example/)
  assert.doesNotThrow(() => applicationSchema.parse(manifest))
})

test('topics of a cluster that is given stay, and a webhook goes where it is told, signed where its secret is there', () => {
  const given = {
    ...nowhere,
    clusters: new Set(['main']),
    webhooks: new Map([['hook', 'http://127.0.0.1:1/']]),
  }
  const unsigned = stubManifest(real, given)
  assert.deepEqual(Object.keys(unsigned.manifest.spec.triggers), ['topic', 'drop'])
  assert.deepEqual(unsigned.manifest.spec.replies['topic'], real.spec.replies['topic'])
  assert.deepEqual(unsigned.manifest.spec.replies['hook'], {
    webhook: { url: 'http://127.0.0.1:1/' },
    messages: [],
  })
  assert.match(unsigned.notices.join('\n'), /set BULKHEAD_SECRET__SHOP__HOOK/)
  const signed = stubManifest(real, { ...given, variables: { BULKHEAD_SECRET__SHOP__HOOK: 'x' } })
  assert.deepEqual(signed.manifest.spec.replies['hook'], {
    webhook: { url: 'http://127.0.0.1:1/', secret: { secret: 'hook' } },
    messages: [],
  })
})
