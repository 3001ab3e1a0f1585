import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { writerStage } from './byte-stage.ts'
import { encryptInto } from './encrypt.ts'
import { memoryWriter } from './testing/memory-writer.ts'

async function pair(): Promise<{ secret: string; recipient: string }> {
  const secret = await generateX25519Identity()
  return { secret, recipient: await identityToRecipient(secret) }
}

async function decrypt(secret: string, bytes: Buffer): Promise<Buffer> {
  const decrypter = new Decrypter()
  decrypter.addIdentity(secret)
  return Buffer.from(await decrypter.decrypt(new Uint8Array(bytes)))
}

test('each recipient alone can open the file, and nobody else', async () => {
  const [first, second, stranger] = await Promise.all([pair(), pair(), pair()])
  for (const size of [0, 1, 65_536, 300_000]) {
    const data = crypto.getRandomValues(new Uint8Array(65_536))
    const content = Buffer.concat(Array.from({ length: 5 }, () => data)).subarray(0, size)
    const writer = memoryWriter()
    const stage = await encryptInto(writerStage(writer), [first.recipient, second.recipient])
    for (let from = 0; from < size; from += 100_000) await stage.write(content.subarray(from, from + 100_000))
    await stage.end()
    assert.deepEqual(await decrypt(first.secret, writer.content()), content)
    assert.deepEqual(await decrypt(second.secret, writer.content()), content)
    await assert.rejects(decrypt(stranger.secret, writer.content()))
  }
})

test('lets the caller use its buffer again', async () => {
  const { secret, recipient } = await pair()
  const writer = memoryWriter()
  const stage = await encryptInto(writerStage(writer), [recipient])
  const buffer = Buffer.alloc(100_000)
  for (let index = 0; index < 5; index++) {
    buffer.fill(index)
    await stage.write(buffer)
  }
  await stage.end()
  const back = await decrypt(secret, writer.content())
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((index) => back[index * 100_000 + 99_999]),
    [0, 1, 2, 3, 4],
  )
})

test('refuses what is no public key, says which, and does not show it', async () => {
  const { secret, recipient } = await pair()
  for (const wrong of ['', 'age1nonsense', 'ssh-ed25519 AAAA', secret, `${recipient}x`]) {
    await assert.rejects(encryptInto(writerStage(memoryWriter()), [recipient, wrong]), (error) => {
      assert.ok(isBulkheadError(error))
      assert.equal(error.code, 'encrypt-recipient-invalid')
      assert.equal(error.path, 'output.encrypt.age[1]')
      assert.ok(wrong === '' || !`${error.message}${error.fix}${String(error.cause)}`.includes(wrong))
      return true
    })
  }
})

test('waits for a slow store, and holds little meanwhile', async () => {
  const { recipient } = await pair()
  const stage = await encryptInto(writerStage(memoryWriter(() => new Promise(() => {}))), [recipient])
  let taken = 0
  void (async () => {
    for (; taken < 100; taken++) await stage.write(new Uint8Array(65_536))
  })().catch(() => {})
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.ok(taken <= 16, `${taken} pieces were taken`)
  stage.abort()
})

test('tells the failure of the store to whoever writes or ends', async () => {
  const { recipient } = await pair()
  const writer = memoryWriter(async () => {
    throw new Error('no room left')
  })
  const stage = await encryptInto(writerStage(writer), [recipient])
  await assert.rejects(
    async () => {
      for (let index = 0; index < 100; index++) await stage.write(new Uint8Array(65_536))
      await stage.end()
    },
    { message: 'no room left' },
  )
  stage.abort()
})
