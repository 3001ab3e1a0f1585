import { durationField, z } from '@bulkhead/connector-sdk'

/** The settings of a connection. Plain data only: `settings.ts` reads sizes. */

const secret = (description: string) => z.string().min(1).max(16_384).meta({ description, secret: true })
const size = z.string().regex(/^\d{1,6}(KiB|MiB|GiB)$/, 'must be a size such as 16MiB')
const auth = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('none').meta({ description: 'No credentials' }),
    }),
    z.strictObject({
      type: z.literal('basic').meta({ description: 'User and password in every request (RFC 7617)' }),
      user: z
        .string()
        .max(256)
        .regex(/^[^:]*$/, 'must not have a colon')
        .meta({ description: 'The user; APIs that take a key this way want it here or as password' }),
      password: z
        .string()
        .max(16_384)
        .default('')
        .meta({ description: 'Password of the user; default: empty', secret: true }),
    }),
    z.strictObject({
      type: z
        .literal('apiKey')
        .meta({ description: 'A key in a header or a query parameter of a name of its own' }),
      in: z.enum(['header', 'query']).default('header').meta({
        description:
          'Where the key goes. In a query parameter it stands in the access logs of servers and proxies; default `header`',
      }),
      name: z
        .string()
        .regex(/^[A-Za-z0-9_.~-]{1,100}$/)
        .meta({ description: 'Name of the header or parameter', examples: ['X-API-Key', 'api_key'] }),
      value: secret('The key'),
    }),
    z.strictObject({
      type: z.literal('bearer').meta({ description: 'A token that does not change (RFC 6750)' }),
      token: secret('The token, without the word Bearer'),
    }),
    z.strictObject({
      type: z.literal('oauth2').meta({
        description:
          'OAuth 2.0 client credentials: tokens are fetched, renewed before they end, and once when the API refuses one',
      }),
      endpoint: z.url().meta({
        description: 'The token endpoint. It may be of another origin than the API',
        examples: ['https://login.example.com/oauth2/token'],
      }),
      clientId: z.string().min(1).max(1024).meta({ description: 'The client' }),
      clientSecret: secret('Secret of the client'),
      scope: z
        .string()
        .min(1)
        .max(4096)
        .optional()
        .meta({
          description: 'Scopes to ask for, separated by blanks; default: what the server gives by itself',
          examples: ['orders.read'],
        }),
      audience: z
        .string()
        .min(1)
        .max(2048)
        .optional()
        .meta({ description: 'Sent as `audience`, for servers that ask for it' }),
      resource: z
        .url()
        .optional()
        .meta({ description: 'Sent as `resource` (RFC 8707): the API that the token is for' }),
      send: z.enum(['header', 'body']).default('header').meta({
        description:
          'How the client shows who it is: by basic authentication, as OAuth recommends, or in the body; default `header`',
      }),
    }),
  ])
  .prefault({ type: 'none' })
  .meta({
    title: 'Authentication',
    description: 'What every request shows; it goes to the origin of baseUrl only. Default: nothing',
  })

export const config = z.strictObject({
  baseUrl: z.url({ protocol: /^https?$/ }).meta({
    title: 'Base address',
    description:
      'Where the API lies. Paths of queries are below it, and no request, redirect or next page leaves its origin (scheme, host and port)',
    examples: ['https://api.example.com/v1/'],
  }),
  allowUnencrypted: z.boolean().default(false).meta({
    description:
      'Lets requests and credentials travel in clear over http. Not needed for this machine itself; default false',
  }),
  auth,
  headers: z
    .record(z.string().max(100), z.string().max(4096))
    .default({})
    .meta({
      description: 'Headers of every request. Keys and tokens belong into auth, which keeps them out of logs',
      examples: [{ Accept: 'application/vnd.example.v2+json' }],
    }),
  checkPath: z
    .string()
    .max(2048)
    .optional()
    .meta({
      description:
        'What `bulkhead check` gets, below baseUrl: something small that needs the credentials. Without it a check proves that the server answers, and no more',
      examples: ['me'],
    }),
  requestsPerSecond: z.number().min(0.001).max(1000).optional().meta({
    description:
      'Most requests a second that this connection makes in one run; default: as fast as pages come, one after the other',
  }),
  retry: z
    .strictObject({
      attempts: z.int().min(1).max(20).default(5).meta({
        description:
          'How often one request is tried before the run begins again from its first page (spec.jobs.*.retry); default 5',
      }),
      longestWait: durationField({ shortest: 'PT0S', longest: 'P24D' }).default('PT15M').meta({
        description:
          'Longest time that the server may ask to wait (Retry-After, rate limits); when it asks for more, the run fails and says so. Default PT15M',
      }),
    })
    .prefault({})
    .meta({ description: 'How a request is tried again that failed on its way, or was refused for now' }),
  requestTimeout: durationField({ shortest: 'PT1S', longest: 'PT24H' }).default('PT1M').meta({
    description: 'Longest silence of the server, before its answer and within it; default PT1M',
  }),
  maxPageSize: size.default('1GiB').meta({
    description: 'Largest page, unpacked. Pages are read as a stream, so this is no memory; default 1GiB',
  }),
  maxRecordSize: size.default('16MiB').meta({
    description:
      'Largest record. It is in memory as a whole, several times over; at most 256MiB, default 16MiB',
  }),
  tls: z
    .strictObject({
      ca: z.string().max(1_000_000).optional().meta({
        description: 'Certificates in PEM of the authorities to trust instead of those that Node.js knows',
      }),
      cert: z.string().max(100_000).optional().meta({
        description: 'Certificate in PEM that this side shows, with its chain; only the API gets it',
      }),
      key: z
        .string()
        .max(100_000)
        .optional()
        .meta({ description: 'Key of the certificate in PEM, without passphrase', secret: true }),
      serverName: z.string().min(1).max(253).optional().meta({
        description: 'Name that the certificate of the server must have; default: the host of baseUrl',
      }),
    })
    .prefault({})
    .meta({
      title: 'TLS',
      description:
        'How the server proves who it is, and this side too. A certificate that is not acceptable is always refused',
    }),
})

export type Config = z.output<typeof config>
export type AuthConfig = Config['auth']
