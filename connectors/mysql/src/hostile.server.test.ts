import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type Answer, type Answers, column, end, ok, startHostileServer } from './testing/hostile-server.ts'
import { openConnection, readAll } from './testing/open-connection.ts'

const user = { host: '127.0.0.1', database: 'd', user: 'u', password: 'canary-password' }

async function faultOf(answers: Answers): Promise<{ readonly code: string; readonly message: string }> {
  const port = await startHostileServer({ after }, answers)
  await using source = await openConnection({ ...user, port }, { limits: { queryTimeoutMs: 60_000 } })
  const error = await readAll(source, 'SELECT 1 AS a').then(
    () => assert.fail('it read what the server made up'),
    (reason: unknown) => reason as { code: string; message: string },
  )
  assert.doesNotMatch(error.message, /canary|passwd/)
  return error
}

const begun: Answer = ({ send }) => [Buffer.of(1), column, end].forEach((payload) => send(payload))
/** The same packet for ever, as fast as it is taken. */
const flood =
  (payload: Buffer): Answer =>
  ({ socket }) => {
    const header = Buffer.alloc(4)
    header.writeUIntLE(payload.length, 0, 3)
    const many = Buffer.concat(Array.from({ length: 1000 }, () => [header, payload]).flat())
    const push = (): void => {
      while (!socket.destroyed && socket.write(many));
      if (!socket.destroyed) socket.once('drain', push)
    }
    push()
  }
const then =
  (...answers: readonly Answer[]): Answer =>
  (reply) => {
    for (const answer of answers) answer(reply)
  }
const sends =
  (...parts: readonly (Buffer | string | number)[]): Answer =>
  ({ send }) =>
    send(...parts)

const file = sends(0xfb, '/etc/passwd')
const misuses: readonly (readonly [title: string, answers: Answers, code?: string])[] = [
  ['asks for a file in the answer to a statement', { query: file }],
  ['asks for a file in the answer to a prepared statement', { prepare: file }],
  ['asks for a file in place of rows', { execute: file }],
  ['answers SET with rows for ever', { query: then(begun, flood(Buffer.from([3, 97, 98, 99]))) }],
  ['describes columns for ever', { execute: then(sends(0xfe, Buffer.from([255, 255, 255, 255, 255, 0, 0, 0])), flood(column)) }], // prettier-ignore
  ['describes few columns by megabytes', { execute: then(sends(0xfc, 255, 15), flood(wide())) }],
  ['cuts the description of a column', { execute: then(sends(1), sends(column.subarray(0, 12)), sends(end)) }], // prettier-ignore
  ['cuts a row', { execute: then(begun, sends(0, 0, 7), sends(end)) }],
  ['sends an empty packet', { execute: then(begun, sends()) }],
  ['says OK between rows', { execute: then(begun, sends(ok)) }],
  ['sends an error without number', { query: sends(0xff) }],
  [
    'dies in the middle of a row',
    { execute: then(begun, ({ socket }) => socket.end(Buffer.from([10, 0, 0, 4, 0, 0, 7]))) },
    'mysql-connection-lost',
  ],
]
for (const [title, answers, code = 'mysql-protocol'] of misuses)
  test(`ends the session of a server that ${title}`, { timeout: 10_000 }, async () => {
    assert.equal((await faultOf(answers)).code, code)
  })

test('reads what the same server answers when it behaves', async () => {
  const port = await startHostileServer({ after }, {})
  await using source = await openConnection({ ...user, port })
  assert.deepEqual(await readAll(source, 'SELECT 1 AS a'), [{ a: 7n }])
})

/** A column whose name has a hundred thousand letters. */
function wide(): Buffer {
  const name = Buffer.alloc(100_000, 'n')
  return Buffer.concat([column.subarray(0, 7), Buffer.of(0xfd, 0xa0, 0x86, 1), name, column.subarray(9)])
}
