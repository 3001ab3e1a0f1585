import assert from 'node:assert/strict'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { after, describe, it, type TestContext } from 'node:test'
import { createDatabase, createRole, execute } from '../../../test/support/postgres.ts'
import { startProxy } from '../../../test/support/proxy.ts'
import { never, openConnection, type Overrides, readBytes, readRequest } from './testing/open-connection.ts'

const database = await createDatabase({ after })

type Expected = { readonly kind: string; readonly code: string; readonly path?: string }

/** Opening fails as expected, within the time, and leaves nothing secret in the error. */
async function refused(target: object, expected: Expected, overrides: Overrides = {}): Promise<void> {
  const error: unknown = await openConnection({ ...database, ...target }, overrides).then(
    (source) => source[Symbol.asyncDispose]().then(() => assert.fail('the connection was opened')),
    (reason: unknown) => reason,
  )
  const { kind, code, path } = error as Required<Expected>
  assert.deepEqual({ kind, code, path }, { path: undefined, ...expected })
  assert.doesNotMatch(`${String(error)} ${JSON.stringify(error)}`, /correct horse/)
}

/** A server that is none: it takes connections and does with them what it is told. */
async function pretend(
  t: TestContext,
  answer: (socket: Socket) => void,
): Promise<{ host: string; port: number }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    answer(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

describe('opening a connection', () => {
  it('answers who answered', async () => {
    await using source = await openConnection(database)
    assert.match(
      await source.check(never),
      new RegExp(
        `^PostgreSQL \\d+.* at ${database.host}:${database.port}, database ${database.database}, user ${database.user}, not encrypted$`,
      ),
    )
  })
  it('names application and run to the server', async () => {
    await using source = await openConnection(database, { config: { applicationName: 'exports' } })
    const name = (
      await readBytes(source, readRequest(`SELECT current_setting('application_name')`))
    ).toString()
    assert.match(name, /^exports connector-tests 0199aaaa-0000-7000-8000-000000000001\n$/)
  })
  it('logs in with a password by SCRAM, and refuses a wrong one', async (t) => {
    const role = await createRole(t, database)
    {
      await using source = await openConnection({ ...database, ...role })
      assert.equal((await readBytes(source, readRequest('SELECT current_user'))).toString(), `${role.user}\n`)
    }
    await refused(
      { ...role, password: 'correct horse' },
      { kind: 'auth', code: 'postgres-password-refused', path: 'config.password' },
    )
    await refused(
      { ...role, password: undefined },
      { kind: 'auth', code: 'postgres-password-missing', path: 'config.password' },
    )
  })
  it('logs in with any password that a role can have', async (t) => {
    const role = await createRole(t, database)
    for (const password of [`it's "quoted" \\ 😀 ünï`, '\u00a0ﬁ\u00adx', 'x'.repeat(500)]) {
      await execute(database, `ALTER ROLE ${role.user} PASSWORD '${password.replaceAll("'", "''")}'`)
      await using source = await openConnection({ ...database, user: role.user, password })
      assert.ok(await source.check(never))
    }
  })
  it('does not read the environment of the process', async (t) => {
    const role = await createRole(t, database)
    const environment = {
      PGPASSWORD: role.password,
      PGUSER: 'postgres',
      PGOPTIONS: '-c search_path=x',
      PGSSLMODE: 'require',
    }
    Object.assign(process.env, environment)
    try {
      await refused(
        { user: role.user },
        { kind: 'auth', code: 'postgres-password-missing', path: 'config.password' },
      )
      await using source = await openConnection(database)
      const path = await readBytes(source, readRequest(`SELECT current_setting('search_path')`))
      assert.equal(path.toString(), '"""$user"", public"\n')
    } finally {
      for (const name of Object.keys(environment)) delete process.env[name]
    }
  })
  it('tells an unknown database, user and host from each other', async () => {
    await refused(
      { database: 'no_such_database' },
      { kind: 'config', code: 'postgres-database-unknown', path: 'config.database' },
    )
    await refused(
      { user: 'no_such_role' },
      { kind: 'auth', code: 'postgres-login-refused', path: 'config.user' },
    )
    const unknown = { ...database, host: 'no-such-host.invalid' }
    // Without any name service there is no telling whether a name exists.
    await assert.rejects(openConnection(unknown), { code: /^postgres-(host-unknown|unreachable)$/ })
  })
  it('tells a role that may not connect', async (t) => {
    const role = await createRole(t, database)
    await execute(database, `REVOKE CONNECT ON DATABASE ${database.database} FROM PUBLIC`)
    await refused(role, { kind: 'auth', code: 'postgres-login-refused', path: 'config.user' })
    await execute(
      database,
      `GRANT CONNECT ON DATABASE ${database.database} TO PUBLIC; ALTER ROLE ${role.user} CONNECTION LIMIT 0`,
    )
    await refused(role, { kind: 'transient', code: 'postgres-unavailable' })
  })
  it('tells a port where nobody listens', async (t) => {
    const proxy = await startProxy(t, database)
    proxy.refuse(true)
    await refused(
      { host: proxy.host, port: proxy.port },
      { kind: 'transient', code: 'postgres-unreachable', path: 'config.host' },
    )
    const closed = await pretend(t, () => undefined)
    await refused(
      { ...closed, port: 1 },
      { kind: 'transient', code: 'postgres-unreachable', path: 'config.host' },
    )
  })
  it('gives up on a server that does not answer', async (t) => {
    const target = await pretend(t, () => undefined)
    const started = performance.now()
    await refused(
      target,
      { kind: 'transient', code: 'postgres-connect-timeout', path: 'config.host' },
      { limits: { connectTimeoutMs: 300 } },
    )
    await refused(
      target,
      { kind: 'transient', code: 'postgres-connect-timeout', path: 'config.host' },
      { limits: { connectTimeoutMs: 300 }, config: { tls: { mode: 'require' } } },
    )
    assert.ok(performance.now() - started < 3000)
  })
  it('stops when the run ends', async (t) => {
    const target = await pretend(t, () => undefined)
    await assert.rejects(openConnection({ ...database, ...target }, { signal: AbortSignal.timeout(100) }), {
      name: 'TimeoutError',
    })
    await assert.rejects(
      openConnection({ ...database, ...target }, { signal: AbortSignal.abort(new Error('no')) }),
      { message: 'no' },
    )
  })
  it('survives what is no PostgreSQL', async (t) => {
    for (const text of [
      '',
      'SSH-2.0-OpenSSH_9.2\r\n',
      'HTTP/1.1 400 Bad Request\r\n\r\n',
      '\0'.repeat(100),
      'R\0\0\0\x05',
      'E\0\0\0\x08Sxx\0',
    ])
      for (const mode of ['disable', 'require']) {
        const target = await pretend(t, (socket) => void socket.end(text, 'latin1'))
        const error: unknown = await openConnection(
          { ...database, ...target },
          { config: { tls: { mode } }, limits: { connectTimeoutMs: 1000 } },
        ).catch((reason: unknown) => reason)
        assert.match(
          (error as Expected).code,
          /^postgres-(not-a-server|connection-lost|protocol|connect-timeout|login-refused)$/,
        )
      }
  })
  it('survives a server that sends without end', async (t) => {
    const target = await pretend(t, (socket) => {
      const flood = Buffer.alloc(65_536, 'N')
      const send = (): void => {
        while (!socket.destroyed && socket.write(flood));
      }
      socket.on('drain', send)
      send()
    })
    await refused(target, { kind: 'bug', code: 'postgres-protocol' })
  })
  it('refuses a way of logging in that it does not know', async (t) => {
    const gss = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 7])
    await refused(await pretend(t, (socket) => void socket.write(gss)), {
      kind: 'config',
      code: 'postgres-login-unsupported',
      path: 'config.user',
    })
    const sasl = Buffer.from('R\0\0\0\x17\0\0\0\x0aSCRAM-UNKNOWN\0\0', 'latin1')
    await refused(
      { ...(await pretend(t, (socket) => void socket.write(sasl))), password: 'correct horse' },
      { kind: 'config', code: 'postgres-login-unsupported', path: 'config.user' },
    )
  })
  it('does not believe a server that cannot prove that it knows the password', async (t) => {
    const offer = Buffer.from('R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0', 'latin1')
    const welcome = Buffer.from('R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I', 'latin1')
    const target = await pretend(t, (socket) => {
      socket.once('data', () => {
        socket.write(offer)
        socket.once('data', () => socket.write(welcome))
      })
    })
    await refused({ ...target, password: 'correct horse' }, { kind: 'auth', code: 'postgres-login-refused' })
  })
})

describe('rights', () => {
  it('are those of the user, and of a read-only transaction', async (t) => {
    await execute(
      database,
      `CREATE TABLE open_table (a int); CREATE TABLE closed_table (a int); CREATE SEQUENCE counter;
       CREATE SCHEMA closed_schema; CREATE TABLE closed_schema.t (a int);
       CREATE FUNCTION writes() RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO open_table VALUES (1); RETURN 1; END $$;
       CREATE FUNCTION talks() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'Jane Doe, 4711' USING HINT = 'Jane'; END $$;
       GRANT SELECT ON open_table TO PUBLIC`,
    )
    const role = await createRole(t, database)
    await using source = await openConnection({ ...database, ...role })
    const refuse = async (
      query: string,
      kind: string,
      code: string,
      stage: 'prepare' | 'read',
    ): Promise<void> => {
      const error: unknown = await (
        stage === 'prepare'
          ? source.prepare(readRequest(query), never)
          : readBytes(source, readRequest(query))
      ).then(
        () => assert.fail(`${query} was allowed`),
        (reason: unknown) => reason,
      )
      assert.equal((error as Expected).kind, kind, query)
      assert.equal((error as Expected).code, code, query)
      assert.equal((error as Expected).path, 'query')
      assert.doesNotMatch(`${String(error)} ${JSON.stringify(error)}`, /Jane|4711/)
    }
    assert.equal((await readBytes(source, readRequest('SELECT * FROM open_table'))).length, 0)
    await refuse('SELECT * FROM closed_table', 'auth', 'postgres-permission-denied', 'prepare')
    await refuse('SELECT * FROM closed_schema.t', 'auth', 'postgres-permission-denied', 'prepare')
    await refuse(`SELECT pg_read_file('/etc/passwd')`, 'auth', 'postgres-permission-denied', 'read')
    await refuse('SELECT writes()', 'policy', 'postgres-write-refused', 'read')
    await refuse(
      'INSERT INTO open_table VALUES (1) RETURNING a',
      'policy',
      'postgres-write-refused',
      'prepare',
    )
    await refuse(
      'WITH x AS (DELETE FROM open_table RETURNING a) SELECT * FROM x',
      'policy',
      'postgres-write-refused',
      'prepare',
    )
    await refuse(
      `SELECT set_config('transaction_read_only', 'off', false), writes()`,
      'policy',
      'postgres-write-refused',
      'read',
    )
    await refuse('SELECT talks()', 'config', 'postgres-function-failed', 'read')
    const owner = await openConnection(database)
    await assert.rejects(readBytes(owner, readRequest(`SELECT nextval('counter')`)), {
      code: 'postgres-write-refused',
    })
    await assert.rejects(readBytes(owner, readRequest('SELECT * FROM open_table FOR UPDATE')), {
      code: 'postgres-write-refused',
    })
    await owner[Symbol.asyncDispose]()
  })
})
