import { z } from '@bulkhead/connector-sdk'
import { certWithKey, isLoopback, tlsFields, type TlsMode } from '@bulkhead/connector-sdk/network'

/** The settings of a connection to MongoDB: one definition for type, check, form and documentation. */

const text = (most: number): z.ZodString =>
  z
    .string()
    .min(1)
    .max(most)
    // oxlint-disable-next-line no-control-regex -- names of MongoDB end at the first NUL
    .regex(/^[^\0]*$/, 'must not hold a NUL character')

/** Name or address, IPv6 in brackets, and perhaps a port. No scheme, no path, no credentials. */
const host = z
  .string()
  .min(1)
  .max(270)
  .regex(
    /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?$/,
    'must be a name or address, perhaps with a port: db1.internal:27017',
  )

export const readPreferences = [
  'primary',
  'primaryPreferred',
  'secondary',
  'secondaryPreferred',
  'nearest',
] as const

const tls = z.strictObject(
  tlsFields({
    mode: '`verify-full`: the certificate must be signed by a known authority and name the host. `verify-ca`: signed, whatever its name. `require`: encrypted, but anyone in between can pretend to be the server. `disable`: in clear. `auto`: `disable` when all hosts are this machine, `verify-full` else',
    peer: 'each server',
    cert: 'that the client shows, and logs in with when `authMechanism` is MONGODB-X509',
  }),
)

export const config = z
  .strictObject({
    hosts: z
      .array(host)
      .min(1)
      .max(50)
      .meta({
        title: 'Hosts',
        description:
          'Servers of the replica set, routers of the cluster, or the one server; `name:port`, port 27017 by default. The rest of a replica set is found from these. With `srv` exactly one name without port',
        examples: [['db1.internal:27017', 'db2.internal:27017'], ['localhost']],
      }),
    srv: z.boolean().default(false).meta({
      title: 'Look the hosts up',
      description:
        'Finds the servers by the SRV and TXT records of the one host, as `mongodb+srv://` does. Default false',
    }),
    replicaSet: text(120)
      .optional()
      .meta({
        title: 'Replica set',
        description:
          'Name of the replica set; servers of another one are refused. Default: whatever the servers say',
        examples: ['rs0'],
      }),
    directConnection: z.boolean().default(false).meta({
      title: 'Direct connection',
      description:
        'Talks to the one host only, whatever it says of its replica set; for a hidden member or a tunnel. Default false',
    }),
    database: text(63)
      .regex(/^[^/\\. "$*<>:|?]+$/, 'must be the name of one database')
      .meta({
        title: 'Database',
        description: 'The database; a query cannot reach another one',
        examples: ['shop'],
      }),
    user: text(1024).optional().meta({
      title: 'User',
      description:
        'Who logs in; default: nobody, for servers without login. Its rights are the limit of every query: the role `read` on the database is enough',
    }),
    password: text(10_000).optional().meta({
      title: 'Password',
      description: 'Password of the user; needed with `user`, but for MONGODB-X509',
      secret: true,
    }),
    authSource: text(120).optional().meta({
      title: 'Database of the user',
      description:
        'The database that knows the user; default `admin`, `$external` for MONGODB-X509 and PLAIN',
    }),
    authMechanism: z.enum(['SCRAM-SHA-256', 'SCRAM-SHA-1', 'MONGODB-X509', 'PLAIN']).optional().meta({
      title: 'Way of logging in',
      description:
        'Default: the best SCRAM that the server knows for the user. PLAIN (LDAP) sends the password as it is, and is refused without TLS',
    }),
    tls: tls.superRefine(certWithKey).prefault({}).meta({
      title: 'TLS',
      description: 'How connections are encrypted, and how servers prove who they are',
    }),
    readPreference: z.enum(readPreferences).default('primary').meta({
      title: 'Read preference',
      description:
        'Which members of a replica set are read; a query may say otherwise. Secondaries lag: what was written last may be missing. Default primary',
    }),
    maxStalenessSeconds: z.int().min(90).max(86_400).optional().meta({
      title: 'Largest lag',
      description:
        'Secondaries that lag further behind are not read, 90 s or more; not with `primary`. Default: any lag',
    }),
    readConcern: z.enum(['local', 'available', 'majority', 'linearizable']).optional().meta({
      title: 'Read concern',
      description:
        '`majority` reads only what no failover can undo. Default: as the server has it, mostly `local`',
    }),
    applicationName: text(20).default('bulkhead').meta({
      title: 'Application name',
      description:
        "How connections name themselves in the server's log and in currentOp; application and run follow. Default `bulkhead`",
    }),
  })
  .superRefine((value, context) => {
    const issue = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', message, path: [path] })
    if (value.srv && (value.hosts.length !== 1 || /:\d+$/.test(value.hosts[0] ?? '')))
      issue('hosts', 'with srv exactly one name without port')
    if (value.directConnection && value.hosts.length !== 1)
      issue('directConnection', 'goes with exactly one host')
    if (value.directConnection && value.srv) issue('directConnection', 'does not go with srv')
    if (value.user === undefined && value.password !== undefined) issue('password', 'needs a user')
    if (value.authMechanism === 'MONGODB-X509') {
      if (value.tls.cert === undefined) issue('tls', 'MONGODB-X509 needs a client certificate')
      if (value.password !== undefined) issue('password', 'does not go with MONGODB-X509')
    } else if (value.user !== undefined && value.password === undefined) issue('password', 'is missing')
    if (
      value.authMechanism !== undefined &&
      value.authMechanism !== 'MONGODB-X509' &&
      value.user === undefined
    )
      issue('user', 'is missing')
    if (value.maxStalenessSeconds !== undefined && value.readPreference === 'primary')
      issue('maxStalenessSeconds', 'does not go with the read preference primary')
  })

export type Config = z.output<typeof config>

/** Whether encryption is on, `auto` resolved. */
export function tlsModeOf({ tls: { mode }, hosts, srv }: Config): TlsMode {
  if (mode !== 'auto') return mode
  return !srv && hosts.every(isThisMachine) ? 'disable' : 'verify-full'
}

function isThisMachine(address: string): boolean {
  return isLoopback(address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1'))
}
