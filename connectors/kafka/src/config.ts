import { z } from '@bulkhead/connector-sdk'

/** The settings of a connection to Kafka: one definition for type, check, form and documentation. */

const text = (most: number): z.ZodString => z.string().min(1).max(most)

const pem = z.string().max(200_000).startsWith('-----BEGIN ', 'must be PEM text, not the name of a file')

const address = text(300).regex(
  /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/,
  'must be host:port, such as kafka-1.internal:9092',
)

const tls = z
  .strictObject({
    mode: z.enum(['auto', 'disable', 'require', 'verify-ca', 'verify-full']).default('auto').meta({
      title: 'TLS mode',
      description:
        '`verify-full`: the certificate of each broker must be signed by a known authority and name the broker. `verify-ca`: signed, whatever its name. `require`: encrypted, but anyone in between can pretend to be a broker. `disable`: in clear. `auto`: `disable` when all brokers are loopback, `verify-full` else',
    }),
    ca: pem.optional().meta({
      title: 'Certificate authorities',
      description:
        'PEM text of the authorities that may sign the certificates of the brokers; default: those that Node.js trusts',
    }),
    cert: pem.optional().meta({
      title: 'Client certificate',
      description: 'PEM text of a certificate for brokers that demand one; default: none. Needs `key`',
    }),
    key: pem.optional().meta({
      title: 'Key of the client certificate',
      description: 'PEM text of its private key, without passphrase; default: none',
      secret: true,
    }),
    serverName: text(253).optional().meta({
      title: 'Server name',
      description:
        'The one name that the certificates of all brokers carry; default: the host that each broker advertises',
    }),
  })
  .superRefine((value, context) => {
    if ((value.cert === undefined) !== (value.key === undefined))
      context.addIssue({
        code: 'custom',
        message: 'cert and key belong together',
        path: [value.cert === undefined ? 'cert' : 'key'],
      })
  })

const sasl = z.strictObject({
  mechanism: z.enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']).meta({
    title: 'Mechanism',
    description: 'How the user logs in. PLAIN sends the password in clear unless TLS is on',
  }),
  username: text(1000).meta({ title: 'User', description: 'The user that logs in' }),
  password: text(10_000).meta({ title: 'Password', description: 'Its password', secret: true }),
})

const registry = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .refine((url) => !/^https?:\/\/[^/]*@/.test(url), 'must not hold a user or password')
      .meta({
        title: 'URL',
        description: 'Where the registry is, with a path where it has one',
        examples: ['https://registry.internal:8081'],
      }),
    username: text(1000).optional().meta({
      title: 'User',
      description: 'User of basic authentication; default: none. Needs `password`',
    }),
    password: text(10_000).optional().meta({
      title: 'Password',
      description: 'Password of basic authentication, or the secret of an API key; default: none',
      secret: true,
    }),
  })
  .superRefine((value, context) => {
    if ((value.username === undefined) !== (value.password === undefined))
      context.addIssue({
        code: 'custom',
        message: 'username and password belong together',
        path: [value.username === undefined ? 'username' : 'password'],
      })
  })

export const config = z.strictObject({
  brokers: z
    .array(address)
    .min(1)
    .max(50)
    .meta({
      title: 'Brokers',
      description:
        'Brokers with which the client finds all others, as host:port. The network policy must allow every broker: the client connects to the addresses that they advertise',
      examples: [['kafka-1.internal:9092', 'kafka-2.internal:9092']],
    }),
  addresses: z
    .record(address, address)
    .default({})
    .meta({
      title: 'Addresses',
      description:
        'Where brokers are reached that advertise an address which cannot be reached from here, behind a tunnel or another network: the advertised host:port, and the one to use; default: as advertised',
      examples: [{ 'kafka-1:9092': '127.0.0.1:19092' }],
    }),
  tls: tls.prefault({}).meta({
    title: 'TLS',
    description: 'How connections are encrypted, and how the brokers prove who they are',
  }),
  sasl: sasl.optional().meta({ title: 'SASL', description: 'How the client logs in; default: not at all' }),
  isolation: z.enum(['read-committed', 'read-uncommitted']).default('read-committed').meta({
    title: 'Isolation level',
    description:
      '`read-committed`: records of transactions that were aborted are left out, and the read ends before the first transaction that is still open. `read-uncommitted`: all records that are there. Default `read-committed`',
  }),
  fetchSize: z
    .string()
    .regex(/^\d{1,5}(KiB|MiB)$/, 'must be a size such as 1MiB')
    .default('1MiB')
    .meta({
      title: 'Fetch size',
      description:
        'Most bytes of one answer of a broker, as they are stored: compressed. A larger batch of records comes alone. Default 1MiB',
    }),
  registry: registry.optional().meta({
    title: 'Schema registry',
    description: 'Registry of the schemas with which Avro values were written; default: none',
  }),
})

export type Config = z.output<typeof config>

/** Bytes of a size of the settings, which the schema has checked. */
export function sizeBytes(size: string): number {
  return Math.min(512 * 1024 * 1024, Number.parseInt(size, 10) * (size.endsWith('KiB') ? 1024 : 1024 * 1024))
}

/** Whether the address is of this machine itself, by its name or number alone. */
export function isLoopback(broker: string): boolean {
  const host = broker.slice(0, broker.lastIndexOf(':')).toLowerCase()
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '[::1]' ||
    /^127(\.\d{1,3}){3}$/.test(host)
  )
}
