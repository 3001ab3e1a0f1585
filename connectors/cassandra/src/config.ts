import { durationField, z } from '@bulkhead/connector-sdk'
import { certWithKey, tlsFields } from '@bulkhead/connector-sdk/network'

/** The settings of a connection to Cassandra: one definition for type, check, form and documentation. */

/** Consistency levels of reads, as CQL names them. */
const consistencyLevels = [
  'ONE',
  'TWO',
  'THREE',
  'QUORUM',
  'ALL',
  'LOCAL_ONE',
  'LOCAL_QUORUM',
  'SERIAL',
  'LOCAL_SERIAL',
] as const

const text = (most: number): z.ZodString => z.string().min(1).max(most)

const tls = z
  .strictObject({
    ...tlsFields({
      mode: '`verify-full`: the certificate of each node must be signed by a known authority and name the node. `verify-ca`: signed, whatever its name. `require`: encrypted, but anyone in between can pretend to be a node. `disable`: in clear, the password too. `auto`: `disable` when all contact points are loopback, `verify-full` else',
      peer: 'each node',
      cert: 'for nodes that demand one',
    }),
    serverName: text(253).optional().meta({
      title: 'Server name',
      description:
        'The one name that the certificates of all nodes carry. Nodes are found by their addresses, so without it each certificate must carry the address of its node',
    }),
  })
  .superRefine(certWithKey)

export const config = z
  .strictObject({
    contactPoints: z
      .array(text(253).regex(/^[^\s/,@]+$/, 'must be one host name or address, without port'))
      .min(1)
      .max(50)
      .meta({
        title: 'Contact points',
        description:
          'Names or addresses of nodes, with which the client finds all others. The network policy must allow every node of the datacenter: the client connects to the addresses that the cluster tells',
        examples: [['cassandra-1.internal', 'cassandra-2.internal']],
      }),
    port: z
      .int()
      .min(1)
      .max(65_535)
      .default(9042)
      .meta({ title: 'Port', description: 'TCP port of the native protocol on every node; default 9042' }),
    datacenter: text(200).meta({
      title: 'Local datacenter',
      description:
        'Name of the datacenter whose nodes are asked; no other one is. `nodetool status` shows the names',
      examples: ['dc1'],
    }),
    keyspace: text(48)
      .regex(/^\w+$/, 'must be letters, digits and underscores')
      .optional()
      .meta({
        title: 'Keyspace',
        description: 'Keyspace of tables that are named without one; default: none. Case-sensitive',
        examples: ['telemetry'],
      }),
    user: text(1000)
      .optional()
      .meta({
        title: 'User',
        description:
          'The role that logs in, for clusters with PasswordAuthenticator; default: none. Give it SELECT and no more. Needs `password`',
        examples: ['bulkhead'],
      }),
    password: text(10_000).optional().meta({
      title: 'Password',
      description: 'Password of the role; default: none. Sent in clear unless TLS is on',
      secret: true,
    }),
    tls: tls.prefault({}).meta({
      title: 'TLS',
      description: 'How connections are encrypted, and how the nodes prove who they are',
    }),
    consistency: z.enum(consistencyLevels).default('LOCAL_QUORUM').meta({
      title: 'Consistency level',
      description:
        'How many replicas must agree on what is read. `LOCAL_QUORUM` sees all that was written at it; `LOCAL_ONE` asks one replica, which is cheaper and may miss what is not there yet. Default `LOCAL_QUORUM`',
    }),
    pageSize: z.int().min(1).max(100_000).default(5000).meta({
      title: 'Page size',
      description:
        'Most rows in one answer. The connector asks for fewer when rows are large, so that a page stays near 1 MiB. Default 5000',
    }),
    requestTimeout: durationField({ shortest: 'PT1S', longest: 'PT1H' }).default('PT30S').meta({
      title: 'Request timeout',
      description:
        'Longest time for the answer to one request, such as a page of rows. The cluster has timeouts of its own (`read_request_timeout`, `range_request_timeout`), which are often shorter. Default PT30S',
    }),
    ranges: z.int().min(1).max(64).default(4).meta({
      title: 'Ranges at once',
      description:
        'How many token ranges an object query reads at once, each with one page in memory. Default 4',
    }),
  })
  .superRefine((value, context) => {
    if ((value.user === undefined) !== (value.password === undefined))
      context.addIssue({
        code: 'custom',
        message: 'user and password belong together',
        path: [value.user === undefined ? 'user' : 'password'],
      })
  })

export type Config = z.output<typeof config>
