import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Producer, stringSerializers } from '@platformatic/kafka'
import { createTopic, proxyBroker } from '../../../test/support/kafka.ts'
import { guardNetwork } from './network-guard.ts'

test('follows a cluster to no host that it names and the policy does not', async (t) => {
  // a broker that is asked at one address and tells its clients another one
  const { bootstrap, target, proxy } = await proxyBroker(t)
  const { topic } = await createTopic(t)
  const ask = async (): Promise<void> => {
    const producer = new Producer({
      clientId: 'test',
      bootstrapBrokers: [target],
      serializers: stringSerializers,
      retries: 1,
      retryDelay: 20,
    })
    try {
      await producer.send({ messages: [{ topic, key: 'a', value: 'b' }] })
    } finally {
      await producer.close()
    }
  }
  const { accepted: before } = proxy
  {
    using guard = guardNetwork({ allow: [hostOf(target)], allowLoopback: true })
    await assert.rejects(ask())
    assert.equal(guard.refusal?.code, 'network-refused')
    assert.match(guard.refusal.message, new RegExp(bootstrap.replaceAll('.', '\\.')))
    assert.equal(proxy.accepted, before)
  }
  using _ = guardNetwork({ allow: [hostOf(target), hostOf(bootstrap)], allowLoopback: true })
  await ask()
  assert.ok(proxy.accepted > before)
})

function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':'))
}
