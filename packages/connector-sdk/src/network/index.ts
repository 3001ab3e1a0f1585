/**
 * For connectors that reach their system over the network: settings of TLS and what becomes of them, and
 * what went wrong on the way. Apart from the main face of the SDK, which must not need Node.
 */
export * from './connect-failure.ts'
export * from './loopback.ts'
export * from './tls-options.ts'
export * from './tls-settings.ts'
