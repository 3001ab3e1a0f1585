import { z } from '@bulkhead/connector-sdk'
import { certWithKey, tlsFields } from '@bulkhead/connector-sdk/network'

/** The settings of a connection to Kafka: one definition for type, check, form and documentation. */

const text = (most: number): z.ZodString => z.string().min(1).max(most)

const address = text(300).regex(
  /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/,
  'must be host:port, such as kafka-1.internal:9092',
)

const tls = z
  .strictObject({
    ...tlsFields({
      mode: '`verify-full`: the certificate of each broker must be signed by a known authority and name the broker. `verify-ca`: signed, whatever its name. `require`: encrypted, but anyone in between can pretend to be a broker. `disable`: in clear. `auto`: `disable` when all brokers are loopback, `verify-full` else',
      peer: 'each broker',
      cert: 'for brokers that demand one',
    }),
    serverName: text(253).optional().meta({
      title: 'Server name',
      description:
        'The one name that the certificates of all brokers carry; default: the host that each broker advertises',
    }),
  })
  .superRefine(certWithKey)

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

/** Most bytes of one answer of a broker, whatever the settings say. */
export const largestFetch = 512 * 2 ** 20
