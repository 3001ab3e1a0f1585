/**
 * What client and server can do. Not among them, so that the server refuses it: several statements in
 * one text, several results, files of the client (`LOAD DATA LOCAL`).
 * @see https://dev.mysql.com/doc/dev/mysql-server/latest/group__group__cs__capabilities__flags.html
 */
export const capability = {
  /** Set by MySQL; MariaDB leaves it out to say that it has capabilities of its own. */
  mysql: 0x1,
  longFlag: 0x4,
  connectWithDatabase: 0x8,
  protocol41: 0x200,
  tls: 0x800,
  transactions: 0x2000,
  secureConnection: 0x8000,
  pluginAuthentication: 0x8_0000,
  connectAttributes: 0x10_0000,
  longAuthentication: 0x20_0000,
} as const

/**
 * Those of MariaDB alone.
 * @see https://mariadb.com/kb/en/connection/#capabilities
 */
const mariadbCapability = {
  /** Columns say what they are beyond their type: JSON, UUID, INET6. */
  extendedMetadata: 0x8,
} as const

const always =
  capability.longFlag |
  capability.protocol41 |
  capability.transactions |
  capability.secureConnection |
  capability.pluginAuthentication |
  capability.longAuthentication |
  capability.connectAttributes

export interface Capabilities {
  readonly common: number
  readonly mariadb: number
}

/** What this client asks for, of that which the server has. */
export function clientCapabilities(server: Capabilities, encrypted: boolean): Capabilities {
  // Where the server has the mark of MySQL it is answered; without it MariaDB reads the capabilities of its own.
  const wanted = always | capability.connectWithDatabase | capability.mysql | (encrypted ? capability.tls : 0)
  return {
    common: (wanted & server.common) >>> 0,
    mariadb: server.mariadb & mariadbCapability.extendedMetadata,
  }
}

/** Whether columns will say what they are beyond their type. */
export function hasExtendedMetadata({ mariadb }: Capabilities): boolean {
  return (mariadb & mariadbCapability.extendedMetadata) !== 0
}
