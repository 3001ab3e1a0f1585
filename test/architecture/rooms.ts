/**
 * Who may import whom: the table of ARCHITECTURE.md as data. What is not allowed here is an error,
 * so a new room begins with a line in this table. One file, because it is one table.
 */

export interface Room {
  readonly name: string
  /** Where its sources lie, relative to the checkout. The longest folder that fits decides. */
  readonly folder: string
  /** Rooms that it may import. */
  readonly imports: readonly string[]
  /** Rooms of which it may import types, which are gone when it runs. */
  readonly importsTypes?: readonly string[]
  /** Rooms that it may import by `import()` only, so that what does not need them does not load them. */
  readonly importsLazily?: readonly string[]
  /** Modules that it must not know, apart from those that its package does not declare anyway. */
  readonly never?: readonly string[]
  /** Whether it may use what Node has built in, or which modules of it. */
  readonly node: boolean | readonly string[]
  /** Whether a browser must be able to run it: then it names no global of Node's either. */
  readonly browser?: boolean
  /** No clock, no chance, no network, no files: the same answer for the same question. What it imports must be so too. */
  readonly pure?: boolean
  /** May import what is computed at run time: connectors by their folder, the application's own code. */
  readonly computedImports?: boolean
}

const engine = 'packages/engine/src'
const servers = ['node:http', 'node:https', 'node:http2', 'node:sqlite', 'fastify', 'pg', 'kysely']

const sql = ['node:sqlite', 'pg', 'kysely']
/** A server publishes public keys and seals to them; what opens is the runner's (I6). */
const privateKeys = ['@bulkhead/engine/keys/private-keys', '@bulkhead/engine/keys/open-credentials']
/** What of the engine a server may know. */
const serverEngine = [
  'engine',
  'engine/application',
  'engine/catalog',
  'engine/job',
  'engine/kafka',
  'engine/keys',
  'engine/links',
  'engine/observe',
  'engine/plan',
  'engine/platform',
  'engine/reply',
]

const table: readonly Room[] = [
  {
    name: 'connector-sdk',
    folder: 'packages/connector-sdk/src',
    imports: [],
    node: false,
    browser: true,
    pure: true,
  },
  // what connectors to systems that AWS guards need, in a face of its own
  {
    name: 'connector-sdk/aws',
    folder: 'packages/connector-sdk/src/aws',
    imports: ['connector-sdk'],
    node: true,
  },
  // what connectors to folders of this machine need, in a face of its own
  {
    name: 'connector-sdk/local-files',
    folder: 'packages/connector-sdk/src/local-files',
    imports: ['connector-sdk'],
    node: true,
  },
  // what connectors to servers need, in a face of its own
  {
    name: 'connector-sdk/network',
    folder: 'packages/connector-sdk/src/network',
    imports: ['connector-sdk'],
    node: true,
  },
  // the contract test kit that the SDK ships; it runs under Node only
  {
    name: 'connector-sdk/testing',
    folder: 'packages/connector-sdk/src/testing',
    imports: ['connector-sdk'],
    node: true,
  },
  {
    name: 'contract',
    folder: 'packages/contract/src',
    imports: ['connector-sdk'],
    node: false,
    browser: true,
  },

  {
    name: 'engine',
    folder: engine,
    imports: [],
    importsTypes: ['engine/application', 'engine/catalog', 'engine/plan'],
    node: false,
  },
  {
    name: 'engine/application',
    folder: `${engine}/application`,
    imports: ['connector-sdk', 'contract', 'engine/plan', 'engine/catalog'],
    never: servers,
    node: true,
  },
  {
    name: 'engine/catalog',
    folder: `${engine}/catalog`,
    imports: ['connector-sdk', 'contract', 'engine/application'],
    never: servers,
    node: true,
  },
  {
    name: 'engine/load',
    folder: `${engine}/load`,
    imports: ['connector-sdk', 'contract', 'engine/catalog'],
    never: servers,
    node: true,
    computedImports: true,
  },
  {
    name: 'engine/plan',
    folder: `${engine}/plan`,
    // of the rooms that it plans for only what is as pure as it is: the rule follows the imports
    imports: [
      'connector-sdk',
      'contract',
      'engine/application',
      'engine/catalog',
      'engine/deliver',
      'engine/format',
      'engine/secrets',
    ],
    node: ['node:crypto'], // for digests
    pure: true,
  },
  {
    name: 'engine/job',
    folder: `${engine}/job`,
    imports: ['contract'],
    node: false,
    pure: true,
  },
  {
    name: 'engine/transform',
    folder: `${engine}/transform`,
    imports: ['connector-sdk', 'contract'],
    node: false,
    pure: true,
  },
  {
    name: 'engine/format',
    folder: `${engine}/format`,
    imports: ['connector-sdk', 'contract', 'engine/transform'],
    never: servers,
    node: true,
  },
  {
    name: 'engine/deliver',
    folder: `${engine}/deliver`,
    imports: ['connector-sdk', 'contract', 'engine/observe'],
    never: servers,
    node: true,
  },
  {
    name: 'engine/links',
    folder: `${engine}/links`,
    imports: ['connector-sdk', 'contract'],
    never: servers,
    node: true,
  },
  {
    // private keys lie in the state folder, as the key of links does
    name: 'engine/keys',
    folder: `${engine}/keys`,
    imports: ['connector-sdk', 'contract', 'engine/catalog', 'engine/links'],
    never: servers,
    node: true,
  },
  {
    name: 'engine/secrets',
    folder: `${engine}/secrets`,
    imports: ['connector-sdk', 'contract', 'engine/application', 'engine/links'],
    importsLazily: ['connector-sdk/aws'],
    never: servers,
    node: true,
  },
  {
    name: 'engine/observe',
    folder: `${engine}/observe`,
    imports: ['connector-sdk', 'contract'],
    never: servers,
    node: true,
  },
  {
    name: 'engine/retry',
    folder: `${engine}/retry`,
    imports: ['connector-sdk', 'contract'],
    never: servers,
    node: true,
  },
  {
    // shared by server and stand-alone runner
    name: 'engine/reply',
    folder: `${engine}/reply`,
    imports: [
      'connector-sdk',
      'contract',
      'engine/kafka',
      'engine/plan',
      'engine/retry',
      'engine/secrets',
      'engine/webhook',
    ],
    // it posts replies, and serves nobody
    never: servers.filter((name) => !['node:http', 'node:https'].includes(name)),
    node: true,
  },
  {
    // calls of endpoints of an application: replies, and what prepares its runs
    name: 'engine/webhook',
    folder: `${engine}/webhook`,
    imports: ['connector-sdk'],
    never: servers,
    node: true,
  },
  {
    // clusters of the platform: how they are reached, and writing to a topic
    name: 'engine/kafka',
    folder: `${engine}/kafka`,
    imports: ['connector-sdk', 'contract', 'engine/secrets'],
    never: servers,
    node: true,
  },
  {
    // what those who run a server, or a container without one, say about its surroundings
    name: 'engine/platform',
    folder: `${engine}/platform`,
    imports: ['connector-sdk', 'contract', 'engine/application', 'engine/catalog', 'engine/kafka'],
    never: servers,
    node: true,
  },
  {
    // the loop: the only room that calls the others
    name: 'engine/run',
    folder: `${engine}/run`,
    imports: [
      'connector-sdk',
      'contract',
      'engine/application',
      'engine/catalog',
      'engine/deliver',
      'engine/format',
      'engine/load',
      'engine/plan',
      'engine/retry',
      'engine/secrets',
      'engine/transform',
      'engine/webhook',
    ],
    never: servers,
    node: true,
    computedImports: true,
  },

  {
    name: 'runner',
    folder: 'apps/runner/src',
    // of links only what signs for one application: the master key is the file server's
    imports: ['connector-sdk', 'contract', 'engine', 'engine/*'],
    never: ['@bulkhead/engine/links/master-key'],
    node: true,
  },
  {
    name: 'files',
    folder: 'apps/files/src',
    imports: ['connector-sdk', 'contract', 'engine/links'],
    node: true,
  },
  {
    // what the rooms below it are put together to; connectors, `engine/run` and `engine/load` are the runner's
    name: 'server',
    folder: 'apps/server/src',
    imports: ['connector-sdk', 'contract', ...serverEngine, 'engine/secrets', 'server/*'],
    importsLazily: ['files'],
    importsTypes: ['files'],
    never: privateKeys,
    node: true,
  },
  {
    // the only SQL
    name: 'server/repository',
    folder: 'apps/server/src/repository',
    imports: ['connector-sdk', 'contract', 'engine/job', 'engine/observe', 'engine/platform', 'engine/reply'],
    node: true,
  },
  {
    name: 'server/applications',
    folder: 'apps/server/src/applications',
    imports: ['connector-sdk', 'contract', ...serverEngine, 'server/repository'],
    never: [...sql, ...privateKeys],
    node: true,
  },
  {
    // builds of the runner, and which application is on which
    name: 'server/engines',
    folder: 'apps/server/src/engines',
    imports: ['connector-sdk', 'contract', ...serverEngine, 'server/repository'],
    importsTypes: ['server/applications'],
    never: [...sql, ...privateKeys],
    node: true,
  },
  {
    name: 'server/intake',
    folder: 'apps/server/src/intake',
    imports: [
      'connector-sdk',
      'contract',
      ...serverEngine,
      'server/applications',
      'server/auth',
      'server/repository',
    ],
    never: [...sql, ...privateKeys],
    node: true,
  },
  {
    name: 'server/dispatch',
    folder: 'apps/server/src/dispatch',
    imports: ['connector-sdk', 'contract', ...serverEngine, 'server/applications', 'server/repository'],
    importsTypes: ['server/engines'],
    never: [...sql, ...privateKeys],
    node: true,
  },
  {
    name: 'server/reply',
    folder: 'apps/server/src/reply',
    imports: [
      'connector-sdk',
      'contract',
      ...serverEngine,
      'engine/secrets',
      'server/repository',
      'server/applications',
    ],
    importsTypes: ['server/dispatch'],
    never: [...sql, ...privateKeys],
    node: true,
  },
  {
    // what is older than it is kept: rows of the repository, results in stores
    name: 'server/retention',
    folder: 'apps/server/src/retention',
    imports: ['connector-sdk', 'contract', 'engine/job', 'server/repository'],
    importsTypes: ['server/dispatch'],
    never: [...sql, ...privateKeys],
    node: true,
  },
  {
    // runs that wait for an identical one
    name: 'server/reuse',
    folder: 'apps/server/src/reuse',
    imports: ['connector-sdk', 'contract', 'server/repository'],
    importsTypes: ['server/applications'],
    never: [...sql, ...privateKeys],
    node: true,
  },
  {
    name: 'server/triggers',
    folder: 'apps/server/src/triggers',
    imports: [
      'connector-sdk',
      'contract',
      ...serverEngine,
      'server/repository',
      'server/intake',
      'server/applications',
    ],
    never: [...sql, ...privateKeys],
    node: true,
  },
  {
    name: 'server/auth',
    folder: 'apps/server/src/auth',
    imports: ['connector-sdk', 'contract', 'engine/links', 'server/repository'],
    never: [...sql, ...privateKeys],
    node: true,
  },
  {
    name: 'server/observe',
    folder: 'apps/server/src/observe',
    imports: ['connector-sdk', 'contract', ...serverEngine, 'server/repository'],
    importsTypes: ['server/intake', 'server/dispatch', 'server/applications'],
    never: [...sql, ...privateKeys],
    node: true,
  },
  {
    name: 'server/api',
    folder: 'apps/server/src/api',
    imports: ['connector-sdk', 'contract', ...serverEngine, 'server/auth', 'server/observe'],
    importsTypes: [
      'server/repository',
      'server/intake',
      'server/applications',
      'server/dispatch',
      'server/engines',
    ],
    never: [...sql, ...privateKeys],
    node: true,
  },
  {
    // one request a call, held until it is answered; what runs it is given by the command
    name: 'server/serve-request',
    folder: 'apps/server/src/serve-request',
    imports: ['connector-sdk', 'contract', 'server/api'],
    never: [...sql, ...privateKeys],
    node: true,
  },
  {
    name: 'cli',
    folder: 'apps/cli/src',
    // `bulkhead test` types the rows of a fixture by the pure engine/transform
    imports: [
      'connector-sdk',
      'contract',
      'engine',
      'engine/application',
      'engine/catalog',
      'engine/job',
      'engine/plan',
      'engine/platform',
      'engine/transform',
    ],
    // a one-shot run is at its first byte in 150 ms
    // it holds the key of links: a runner gets no more than what it may sign with
    importsLazily: ['runner', 'files', 'server', 'server/serve-request', 'engine/keys', 'engine/links'],
    importsTypes: ['runner', 'files', 'server', 'engine/keys'],
    node: true,
  },
]

/** Every connector is a room of its own, which knows the SDK and its vendor's client. */
export function roomsWith(connectors: readonly string[]): readonly Room[] {
  return [
    ...table,
    ...connectors.map((name) => ({
      name: `connectors/${name}`,
      folder: `connectors/${name}/src`,
      imports: ['connector-sdk', 'connector-sdk/aws', 'connector-sdk/local-files', 'connector-sdk/network'],
      node: true,
    })),
  ]
}
