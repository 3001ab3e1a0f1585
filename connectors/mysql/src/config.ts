import { durationField, z } from '@bulkhead/connector-sdk'
import { rdsIamFields } from '@bulkhead/connector-sdk/aws'
import { certWithKey, isLoopback, tlsFields, type TlsMode } from '@bulkhead/connector-sdk/network'

/** The settings of a connection to MySQL or MariaDB: one definition for type, check, form and documentation. */

/** Text that goes to the server in a packet in which a NUL ends it. */
const text = (most: number): z.ZodString =>
  z
    .string()
    .min(1)
    .max(most)
    // oxlint-disable-next-line no-control-regex -- the server would cut the text there
    .regex(/^[^\0]*$/, 'must not hold a NUL character')

/** A year is the most that every server takes. */
const duration = durationField({ shortest: 'PT1S', longest: 'P365D' })

const tls = z.strictObject({
  ...tlsFields({
    mode: '`verify-full`: the certificate must be signed by a known authority and name the host. `verify-ca`: signed, whatever its name. `require`: encrypted, but anyone in between can pretend to be the server. `disable`: in clear, the password hashed or sealed with the key of the server. `auto`: `disable` for a loopback host, `verify-full` for every other',
    peer: 'the server',
    cert: 'that the server asks of the user',
  }),
  serverName: text(253).optional().meta({
    title: 'Server name',
    description:
      'The name that the certificate must carry, when it is not `host`: behind a tunnel, or for an address; default: `host`',
  }),
})

/** Set by whoever runs the machine; a manifest can neither set nor read `BULKHEAD_*`. */
export const iamPermission = 'BULKHEAD_MYSQL_MACHINE_IDENTITY'

const iam = z.strictObject(
  rdsIamFields({ permission: iamPermission, endpoint: 'shop.abc.eu-central-1.rds.amazonaws.com:3306' }),
)

export const config = z.strictObject({
  host: text(253)
    .regex(/^[^\s/,@]+$/, 'must be one host name or address; sockets of the file system are not served')
    .meta({
      title: 'Host',
      description:
        'Name or address of the server, or of a reader endpoint. A Unix socket is refused: it would pass by the network policy',
      examples: ['db.internal', 'shop.cluster-ro-abc.eu-central-1.rds.amazonaws.com'],
    }),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .default(3306)
    .meta({ title: 'Port', description: 'TCP port of the server; default 3306' }),
  database: text(64).meta({
    title: 'Database',
    description:
      'The database of names without one. A query reaches others as `database.table`, as far as the user may',
    examples: ['shop'],
  }),
  user: text(80).meta({
    title: 'User',
    description:
      'The user that logs in. Its rights are the limit of every query: give it no more than it must read',
    examples: ['bulkhead'],
  }),
  password: text(10_000).optional().meta({
    title: 'Password',
    description: 'Password of the user, or a token that stands for it; default: none',
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
      'How the comment in front of every query begins, which administrators see in the process list and the slow query log; application and run follow. Default `bulkhead`',
  }),
  zeroDates: z.enum(['error', 'null', 'text']).default('error').meta({
    title: 'Zero dates',
    description:
      'What becomes of dates that no calendar has, such as 0000-00-00, 2026-02-00 or 2026-02-31. `error`: the run fails. `null`: they are null. `text`: columns with dates become text, with every value as the server writes it. Default `error`',
  }),
  tinyint1: z.enum(['integer', 'boolean']).default('integer').meta({
    title: 'TINYINT(1)',
    description:
      '`integer`: a number, as the server treats it. `boolean`: false and true (in CSV 0 and 1); another value than 0 and 1 fails the run. Default `integer`',
  }),
  lockTimeout: duration.default('PT30S').meta({
    title: 'Lock timeout',
    description:
      'Longest time to wait for a lock that another session holds, such as a migration; then the run is tried again. Default PT30S',
  }),
  idleTimeout: duration.default('PT10M').meta({
    title: 'Idle timeout',
    description:
      'After this time without a command the server ends the session of a run that hangs, because an open transaction holds back its purge. Default PT10M',
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
        'A larger row fails the run. A row is in memory as a whole: this bounds the memory. At most 1023MiB, default 128MiB',
    }),
})

export type Config = z.output<typeof config>

/** The mode that holds: `auto` decided by the host. */
export function tlsMode({ host, tls: { mode } }: Config): TlsMode {
  if (mode !== 'auto') return mode
  return isLoopback(host) ? 'disable' : 'verify-full'
}
