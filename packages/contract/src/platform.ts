import { z } from '@bulkhead/connector-sdk'
import { apiVersion } from './application.ts'
import { name } from './names.ts'
import { duration, size } from './output.ts'
import { parseDuration } from './quantities.ts'
import { secretProviderSchema, secretText } from './secret-provider.ts'

/**
 * `platform.yaml`: what a server is told by those who run it. None of it is part of an application's digest.
 * Everything has a default: without a file a server is one process tree with a SQLite repository, local
 * files and no Kafka.
 */

/** A text, or where one of the platform's own secrets is found. */
const textOrSecret = z.union([z.string().max(2000), secretText])

const tls = z
  .union([
    z.boolean(),
    z.strictObject({
      ca: z.string().max(1000).optional().meta({ description: 'File of the certificates that are trusted' }),
      cert: z.string().max(1000).optional().meta({ description: "File of the client's certificate" }),
      key: z.string().max(1000).optional().meta({ description: "File of the client's key" }),
    }),
  ])
  .default(false)
  .meta({ description: 'Whether and how the connection is encrypted; certificates are always checked' })

export const repositorySchema = z.union([
  z.strictObject({
    sqlite: z
      .strictObject({
        path: z.string().max(1000).optional().meta({
          description: 'Database file; default `repository.sqlite` in the state folder. One server only',
        }),
      })
      .meta({ description: 'A file of this machine, for one server' }),
  }),
  z.strictObject({
    postgres: z
      .strictObject({
        url: textOrSecret.meta({ description: 'postgres://user:password@host:port/database' }),
        schema: z
          .string()
          .max(60)
          .regex(/^[a-z_][a-z0-9_]*$/, 'must be lower-case letters, digits and underscores')
          .default('bulkhead')
          .meta({ description: 'Schema of the tables, made when it is not there' }),
        connections: z.int().min(2).max(100).default(10).meta({ description: 'Connections of one server' }),
        tls,
      })
      .meta({ description: 'A database, for one server or several' }),
  }),
])

function isSession(text: string): boolean {
  try {
    const ms = parseDuration(text)
    return ms >= 1000 && ms <= 30 * 60_000
  } catch {
    return true // what is no duration at all was said already
  }
}

export const kafkaClusterSchema = z.strictObject({
  bootstrap: z.array(z.string().max(300)).min(1).meta({ description: 'host:port of some brokers' }),
  tls,
  sasl: z
    .strictObject({
      mechanism: z.enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']).meta({ description: 'How to log in' }),
      username: textOrSecret.meta({ description: 'User' }),
      password: secretText.meta({ description: 'Password' }),
    })
    .optional()
    .meta({ description: 'Login; none when absent' }),
  session: duration
    .refine((text) => isSession(text), 'must be from a second to half an hour')
    .default('PT10S')
    .meta({
      description:
        'How long partitions of topics with requests stay with a server that is not heard of; then another reads them on. Shorter: less waiting after the death of a server, but one that is held up for so long loses its partitions, and some messages are taken twice, which makes no second run. The brokers say what they allow, from 6 s on unless they are told otherwise (`group.min.session.timeout.ms`)',
    }),
})

/** A name, `*.suffix` or an address, with an optional port; IPv6 with a port in brackets. */
const systemHost = z
  .string()
  .max(260)
  .regex(
    /^(\[[\dA-Fa-f:.]+\](:\d{1,5})?|[\dA-Fa-f.]*:[\dA-Fa-f.]*:[\dA-Fa-f:.]*|(\*\.)?[\w.-]+(:\d{1,5})?)$/,
    'must be a name, *.suffix or an address, with an optional :port',
  )

const systemSchema = z
  .strictObject({
    runs: z.int().min(1).max(10_000).meta({
      description:
        'Most runs at it at once, of all applications on all servers of the repository; others wait in the queue',
    }),
    hosts: z
      .array(systemHost)
      .max(100)
      .default([])
      .meta({
        description:
          'Where it is: name, *.suffix or address, with an optional :port, as the settings of connections have it. No name is looked up',
        examples: [['ledger.internal:5432', '*.ledger.internal']],
      }),
    connections: z
      .array(
        z
          .string()
          .max(120)
          .regex(
            /^(\*|[a-z\d][a-z\d-]*)\/(\*|[a-z\d][a-z\d-]*)$/,
            'must be APPLICATION/CONNECTION; each may be *',
          ),
      )
      .max(1000)
      .default([])
      .meta({
        description:
          'Connections that lead to it, as `application/connection`, where their settings do not say so: because their address is a secret',
        examples: [['billing/archive', '*/lake']],
      }),
  })
  .refine(({ hosts, connections }) => hosts.length + connections.length > 0, 'needs `hosts` or `connections`')

export const platformSchema = z.strictObject({
  apiVersion: z.literal(apiVersion).meta({ description: 'Version of the file' }),
  kind: z.literal('Platform').meta({ description: 'Always `Platform`' }),
  spec: z
    .strictObject({
      repository: repositorySchema
        .default({ sqlite: {} })
        .meta({ description: 'Where requests, runs and replies are kept' }),
      http: z
        .strictObject({
          host: z.string().max(300).default('127.0.0.1').meta({ description: 'Address to listen on' }),
          port: z
            .int()
            .min(0)
            .max(65535)
            .default(7071)
            .meta({ description: 'Port to listen on; 0: any free one' }),
          tls: z
            .strictObject({
              cert: z.string().max(1000).meta({
                description: 'File of the certificate, with what stands between it and its authority, PEM',
              }),
              key: z.string().max(1000).meta({ description: 'File of its key, PEM' }),
              clientCa: z.string().max(1000).optional().meta({
                description:
                  'File of the authorities that sign certificates of callers, PEM: then every call but those of `/health/` needs one, beside its token',
              }),
            })
            .optional()
            .meta({
              description:
                'Whether the API, and links to local files, are encrypted by the server itself; the files are looked at again every ten seconds. Absent: HTTP in clear, for loopback or behind a proxy',
            }),
          publicUrl: z
            .url()
            .optional()
            .meta({ description: 'How callers reach this server: base of the links that it makes' }),
          requestBytes: size.default('1MiB').meta({ description: 'Most bytes of one HTTP request' }),
          requestsPerSecond: z
            .number()
            .min(0.1)
            .max(100_000)
            .default(200)
            .meta({ description: 'Requests a second of one caller; more are answered 429' }),
          trustProxy: z.boolean().default(false).meta({
            description: 'Whether `X-Forwarded-For` says who calls: only behind a proxy that sets it',
          }),
        })
        .prefault({})
        .meta({ description: 'The HTTP API' }),
      applications: z
        .strictObject({
          requestsPerSecond: z.number().min(0.1).max(100_000).optional().meta({
            description:
              'Most requests a second that this server takes for one application, whatever their trigger; an application may ask for fewer by `policy.limits.requestsPerSecond`. Absent: as many as come',
          }),
          weights: z
            .record(name, z.number().min(0.01).max(100))
            .default({})
            .meta({
              description:
                'Shares of applications in the time of runner processes, by name; 1 for those that are not named. When more is asked for than there is, an application of weight 4 gets four times the time of one of weight 1, however long their runs are',
              examples: [{ billing: 4, reports: 0.5 }],
            }),
        })
        .prefault({})
        .meta({ description: 'What applications may do at most, and their shares' }),
      systems: z.record(name, systemSchema).default({}).meta({
        description:
          'Source systems that applications share, by name, and how much all of them together may ask of each',
      }),
      auth: z
        .strictObject({
          tokens: z.enum(['required', 'off']).default('required').meta({
            description:
              'Whether calls of the API need a token; `off` is refused unless the server listens on loopback',
          }),
        })
        .prefault({})
        .meta({ description: 'Who may call' }),
      kafka: z
        .record(name, kafkaClusterSchema)
        .default({})
        .meta({ description: 'Clusters that triggers and replies name' }),
      files: z
        .strictObject({
          port: z
            .int()
            .min(0)
            .max(65535)
            .default(7070)
            .meta({ description: 'Port of the links to local stores; 0: any' }),
          publicUrl: z.url().optional().meta({ description: 'How those who download reach it' }),
        })
        .prefault({})
        .meta({ description: 'The server of local files' }),
      runners: z
        .strictObject({
          processes: z.int().min(1).max(1000).default(8).meta({
            description:
              'Most runner processes of this server. An application gets another one only while more are free than it has at work: with two or more, none can hold all',
          }),
          runsPerProcess: z
            .int()
            .min(1)
            .max(64)
            .default(8)
            .meta({ description: 'Most small runs in one process' }),
          idle: duration.default('PT1M').meta({ description: 'How long a runner without work stays ready' }),
          recycleAfterRuns: z
            .int()
            .min(1)
            .default(10_000)
            .meta({ description: 'Runs after which a process is replaced' }),
          lease: duration.default('PT15S').meta({
            description: 'How long a run stays with a server that is not heard of; then another takes it',
          }),
          silence: duration.default('PT20S').meta({
            description:
              'How long a process with runs in it may give no sign of life before it is killed and they begin again: longer than what it loads takes. On Linux the time in which it waited for a core does not count',
          }),
          attempts: z
            .int()
            .min(1)
            .max(20)
            .default(3)
            .meta({ description: 'How often a run is begun whose runner dies, before it fails' }),
          stopGrace: duration
            .default('PT10S')
            .meta({ description: 'Time to clean up after a stop, before a kill' }),
        })
        .prefault({})
        .meta({ description: 'Processes that execute runs' }),
      drain: duration.default('PT30S').meta({
        description: 'How long a server that is told to end waits for its runs, before it hands them over',
      }),
      retention: z
        .strictObject({
          requests: duration.default('P30D').meta({
            description:
              'How long a request is remembered, so that a repeat is known; longer than any topic keeps messages',
          }),
          runs: duration
            .default('P90D')
            .meta({ description: 'How long runs, their events and sent replies are kept' }),
          results: duration.optional().meta({
            description:
              'Longest time that results are kept, whatever an application says by `retention` of its store; then the server has them removed by a runner of the application, and a repeat of the request is answered by `result-expired`. It counts from the end of a run, never ends before the link of the reply does, and is settled for a result when it is stored. Absent: as long as the application says, and for ever when it says nothing, unless the bucket has a rule of its own',
          }),
          logs: duration.default('P14D').meta({
            description: 'How long logs of runs are kept, and requests that a folder trigger has taken',
          }),
          revisions: duration.default('P365D').meta({
            description:
              'How long revisions of applications can be returned to after they were replaced; as long as runs at least',
          }),
        })
        .prefault({})
        .meta({ description: 'How long things are kept' }),
      secrets: z
        .strictObject({
          providers: z
            .array(secretProviderSchema)
            .max(10)
            .default([{ environment: {} }])
            .meta({
              description:
                'Asked in this order for `{ secret: NAME }`; mounted Kubernetes secrets are a folder',
            }),
        })
        .prefault({})
        .meta({ description: "Where secrets of applications are; each below the application's own name" }),
      observability: z
        .strictObject({
          traces: z
            .strictObject({
              endpoint: z.url().meta({ description: 'OTLP over HTTP' }),
              ratio: z
                .number()
                .min(0)
                .max(1)
                .default(1)
                .meta({ description: 'Share of requests that are traced' }),
            })
            .optional()
            .meta({ description: 'OpenTelemetry traces; off when absent' }),
          logLevel: z
            .enum(['debug', 'info', 'warn', 'error'])
            .default('info')
            .meta({ description: "Of the server's log" }),
        })
        .prefault({})
        .meta({ description: 'Logs and traces' }),
    })
    .prefault({})
    .meta({ description: 'What the server is made of' }),
})

export type Platform = z.output<typeof platformSchema>
export type PlatformSpec = Platform['spec']
export type KafkaCluster = z.output<typeof kafkaClusterSchema>
