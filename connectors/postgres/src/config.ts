import { durationField, z } from '@bulkhead/connector-sdk'
import { rdsIamFields } from '@bulkhead/connector-sdk/aws'
import { certWithKey, isLoopback, tlsFields, type TlsMode } from '@bulkhead/connector-sdk/network'

/** The settings of a connection to PostgreSQL: one definition for type, check, form and documentation. */

/** Text that goes to the server in a message that ends at the first NUL. */
const text = (most: number): z.ZodString =>
  z
    .string()
    .min(1)
    .max(most)
    // oxlint-disable-next-line no-control-regex -- the server would cut the text there
    .regex(/^[^\0]*$/, 'must not hold a NUL character')

/** The server keeps timeouts as milliseconds of 32 bits; PT0S: none. */
const duration = durationField({ shortest: 'PT0S', longest: 'P24D' })

const tls = z.strictObject({
  ...tlsFields({
    mode: '`verify-full`: the certificate must be signed by a known authority and name the host. `verify-ca`: signed, whatever its name. `require`: encrypted, but anyone in between can pretend to be the server. `disable`: in clear, the password at least hashed unless the server asks otherwise. `auto`: `disable` for a loopback host, `verify-full` for every other',
    peer: 'the server',
    cert: 'with which the user logs in',
  }),
  serverName: text(253).optional().meta({
    title: 'Server name',
    description:
      'The name that the certificate must carry, when it is not `host`: behind a tunnel, or for an address; default: `host`',
  }),
})

/** Set by whoever runs the machine; a manifest can neither set nor read `BULKHEAD_*`. */
export const iamPermission = 'BULKHEAD_POSTGRES_MACHINE_IDENTITY'

const iam = z.strictObject(
  rdsIamFields({
    permission: iamPermission,
    endpoint: 'ledger.abc.eu-central-1.rds.amazonaws.com:5432',
  }),
)

export const config = z.strictObject({
  host: text(253)
    .regex(/^[^\s/,@]+$/, 'must be one host name or address; sockets of the file system are not served')
    .meta({
      title: 'Host',
      description:
        'Name or address of the server. A Unix socket is refused: it would pass by the network policy',
      examples: ['db.internal', '10.1.2.3'],
    }),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .default(5432)
    .meta({ title: 'Port', description: 'TCP port of the server; default 5432' }),
  database: text(63).meta({
    title: 'Database',
    description: 'The database; a query cannot reach another one',
    examples: ['ledger'],
  }),
  user: text(63).meta({
    title: 'User',
    description:
      'The role that logs in. Its rights are the limit of every query: give it no more than it must read',
    examples: ['bulkhead'],
  }),
  password: text(10_000).optional().meta({
    title: 'Password',
    description:
      'Password of the user; default: none, for servers that trust the address or check a client certificate. Neither PGPASSWORD nor ~/.pgpass is read',
    secret: true,
  }),
  iam: iam.optional().meta({
    title: 'IAM',
    description:
      'Logs in by a token of AWS IAM in place of a password, as Aurora and RDS take it; default: not. A new token is made for every connection. Needs `tls.mode: verify-full`',
  }),
  tls: tls.superRefine(certWithKey).prefault({}).meta({
    title: 'TLS',
    description: 'How the connection is encrypted, and how the server proves who it is',
  }),
  applicationName: text(20).default('bulkhead').meta({
    title: 'Application name',
    description:
      'How sessions begin their name in pg_stat_activity; application and run follow, cut to the 63 bytes that the server keeps. Default `bulkhead`',
  }),
  timeZone: text(60)
    .default('UTC')
    .meta({
      title: 'Time zone',
      description:
        'Zone in which `timestamptz` is read and written as text; default `UTC`. Another zone changes CSV and JSON Lines; Parquet, Avro and Excel stay in UTC',
      examples: ['Europe/Brussels'],
    }),
  searchPath: z
    .array(text(63))
    .min(1)
    .max(50)
    .optional()
    .meta({
      title: 'Schema search path',
      description:
        'Schemas in which names without schema are looked up, in this order; default: as the server sets it for this user and database',
      examples: [['billing', 'public']],
    }),
  lockTimeout: duration.default('PT30S').meta({
    title: 'Lock timeout',
    description:
      'Longest time to wait for a lock that another session holds, such as a migration; then the run is tried again. PT0S waits as long as the query may take. Default PT30S',
  }),
  idleTimeout: duration.default('PT10M').meta({
    title: 'Idle timeout',
    description:
      'After this time without a command the server ends the transaction of a run that hangs, because an open one holds back its vacuum. PT0S: never. Default PT10M',
  }),
  maxRowSize: z
    .string()
    .regex(
      /^([1-9]\d{0,3}KiB|([1-9]\d{0,2}|10[01]\d|102[0-3])MiB)$/,
      'must be a size such as 128MiB, at most 1023MiB',
    )
    .default('128MiB')
    .meta({
      title: 'Largest row',
      description:
        'A larger row fails the run. A row is in memory as a whole, about three times over as JSON Lines: this bounds the memory. At most 1023MiB, default 128MiB',
    }),
})

export type Config = z.output<typeof config>

/** The mode that holds: `auto` decided by the host. */
export function tlsMode({ host, tls: { mode } }: Config): TlsMode {
  if (mode !== 'auto') return mode
  return isLoopback(host) ? 'disable' : 'verify-full'
}
