import { durationField, z } from '@bulkhead/connector-sdk'
import { identityFields } from '@bulkhead/connector-sdk/aws'
import { certificateFields, certWithKey } from '@bulkhead/connector-sdk/network'

/** The settings of a connection to OpenSearch: one definition for type, check, form and documentation. */

/** Text that becomes part of a header, or of a setting of the TLS library. */
const text = (most: number): z.ZodString =>
  z
    .string()
    .min(1)
    .max(most)
    // oxlint-disable-next-line no-control-regex -- none of them can stand in a header
    .regex(/^[^\u0000-\u001f\u007f]*$/, 'must not hold control characters')

const visible = (most: number): z.ZodString =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[ -~]+$/, 'must be of letters, digits and signs of ASCII')

const duration = durationField({ shortest: 'PT1S', longest: 'PT24H' })

/** Whether TLS is spoken is what the address says. */
const tls = z.strictObject({
  ...certificateFields({ peer: 'the server', cert: 'with which the user logs in' }),
  serverName: text(253).optional().meta({
    title: 'Server name',
    description:
      'The name that the certificate must carry, when it is not the host of the address: behind a tunnel, or for an address in numbers; default: the host',
  }),
})

/** Set by whoever runs the machine; no application can. */
export const machinePermission = 'BULKHEAD_OPENSEARCH_MACHINE_IDENTITY'

const aws = z.strictObject({
  service: z.enum(['es', 'aoss']).default('es').meta({
    title: 'Service',
    description: '`es`: Amazon OpenSearch Service. `aoss`: OpenSearch Serverless. Default `es`',
  }),
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/)
    .meta({ title: 'Region', description: 'Region of the domain or collection', examples: ['eu-central-1'] }),
  host: z
    .string()
    .regex(
      /^[a-z0-9.-]{1,253}(:\d{1,5})?$/,
      'must be a host such as search-orders-abc.eu-central-1.es.amazonaws.com',
    )
    .optional()
    .meta({
      title: 'Host',
      description:
        'The name by which AWS knows the domain, sent and signed as the host; default: that of the address. Needed behind a tunnel or a proxy',
      examples: ['search-orders-abc.eu-central-1.es.amazonaws.com'],
    }),
  ...identityFields({ right: 'es:ESHttp*', permission: machinePermission }),
})

export const config = z.strictObject({
  nodes: z
    .array(
      z
        .string()
        .max(1000)
        .regex(
          /^https?:\/\/(\[[0-9a-fA-F:.]+\]|[^\s/?#@:[\]]+)(:\d{1,5})?(\/[^\s?#]*)?$/,
          'must be an address such as https://search.internal:9200, without user or password',
        ),
    )
    .min(1)
    .max(16)
    .meta({
      title: 'Nodes',
      description:
        'Addresses of the cluster, or of the proxy before it. The first that answers is used, and another one when it stops answering. With http all travels in clear, password included',
      examples: [['https://search.internal:9200']],
    }),
  user: text(1000)
    .regex(/^[^:]*$/, 'must not hold a colon')
    .optional()
    .meta({
      title: 'User',
      description:
        'Name for basic authentication; default: none. Its rights are the limit of every query: give it no more than it must read',
      examples: ['bulkhead'],
    }),
  password: text(10_000).optional().meta({
    title: 'Password',
    description: 'Password of the user; default: none. Needs `user`',
    secret: true,
  }),
  token: visible(50_000).optional().meta({
    title: 'Bearer token',
    description: 'Sent as `Authorization: Bearer`, such as a JSON Web Token; default: none',
    secret: true,
  }),
  apiKey: visible(10_000).optional().meta({
    title: 'API key',
    description:
      'Sent as `Authorization: ApiKey`, already encoded, for servers that have such keys; default: none',
    secret: true,
  }),
  aws: aws.optional().meta({
    title: 'AWS',
    description:
      'Signs every request by Signature Version 4, as domains of Amazon OpenSearch Service and collections of OpenSearch Serverless ask for it; default: not',
  }),
  tls: tls.superRefine(certWithKey).prefault({}).meta({
    title: 'TLS',
    description:
      'How an https server proves who it is, and the client to it. Verification cannot be switched off',
  }),
  requestTimeout: duration.default('PT1M').meta({
    title: 'Request timeout',
    description:
      'Longest time for one answer of the server, a page of documents included; the server is told to give up then too. Default PT1M',
  }),
  keepAlive: duration.default('PT5M').meta({
    title: 'Life of the point in time',
    description:
      'How long the server keeps the point in time after a request. It is renewed while the receiver is slow, and deleted at the end; one that a killed process left costs the server its files for this long. Default PT5M',
  }),
  attempts: z.int().min(1).max(10).default(4).meta({
    title: 'Attempts',
    description:
      'How often one request is tried when a node is busy or the network fails, with growing pauses, at every node in turn. Default 4',
  }),
  compression: z.enum(['none', 'gzip']).default('none').meta({
    title: 'Compression',
    description:
      '`gzip` asks the server to compress its answers: less traffic and more work for both; it pays over slow networks. Default `none`',
  }),
  scripts: z.enum(['refuse', 'allow']).default('refuse').meta({
    title: 'Scripts in queries',
    description:
      '`allow` lets queries carry scripts. They cannot write, yet run code on the cluster, as slow as they like. Parameters are never part of their text. Default `refuse`',
  }),
  maxDocumentSize: z
    .string()
    .regex(
      /^([1-9]\d{0,3}KiB|([1-9]\d{0,2}|10[01]\d|102[0-3])MiB)$/,
      'must be a size such as 64MiB, at most 1023MiB',
    )
    .default('64MiB')
    .meta({
      title: 'Largest document',
      description:
        'A larger document fails the run. A document is in memory as a whole, about three times over: this bounds the memory. At most 1023MiB, default 64MiB',
    }),
})

export type Config = z.output<typeof config>
