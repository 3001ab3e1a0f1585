/**
 * For connectors that reach their system over the network: settings of TLS and what becomes of them, what
 * went wrong on the way, and rows that a server pushes. Apart from the main face of the SDK, which must not need Node.
 */
export * from './batch-handoff.ts'
export * from './connect-failure.ts'
export * from './loopback.ts'
export * from './pushed-extract.ts'
export * from './reused-socket.ts'
export * from './tls-options.ts'
export * from './tls-settings.ts'
