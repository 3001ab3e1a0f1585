import { connectorErrors } from '@bulkhead/connector-sdk'

/** The one registry of this connector's error codes; documentation and `connector.json` are made of it. */
export const { errors, error: mysqlError } = connectorErrors({
  'mysql-host-unknown': {
    kind: 'config',
    meaning: 'The name of the host does not exist',
    fix: 'Correct `host`',
  },
  'mysql-unreachable': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'Nothing answers at host and port: refused, no route, no answer, or name service down',
    fix: 'Check `host` and `port`, that the server runs, and that its firewall lets this machine in',
  },
  'mysql-connect-timeout': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'The server did not answer in time while connecting',
    fix: 'Check `host` and `port`, or raise `limits.connectTimeout`',
  },
  'mysql-not-a-server': {
    kind: 'config',
    meaning: 'What answers at host and port does not speak the protocol of MySQL',
    fix: 'Correct `host` and `port`',
  },
  'mysql-connection-lost': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'The connection broke, or the server ended the session',
    fix: 'Try again; the log of the server says why it ended the session',
  },
  'mysql-unavailable': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'The server starts, stops or recovers, or takes no more connections',
    fix: 'Try again later, lower `limits.connections`, or ask for more connections',
  },
  'mysql-tls-unsupported': {
    kind: 'config',
    meaning: 'The settings demand TLS and the server has none',
    fix: 'Switch TLS on at the server, or set `tls.mode` to `disable` where the network is trusted',
  },
  'mysql-certificate-refused': {
    kind: 'config',
    meaning:
      'The certificate of the server is not signed by a known authority, names another host or has expired',
    fix: 'Give the authority of the server in `tls.ca`, its name in `tls.serverName`, or lower `tls.mode`',
  },
  'mysql-tls-settings': {
    kind: 'config',
    meaning: 'Certificate, key or authority in the settings cannot be read, or do not fit',
    fix: 'Correct `tls.ca`, `tls.cert`, `tls.key`: PEM text, key without passphrase',
  },
  'mysql-tls-failed': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'The server ended the TLS handshake, perhaps because it demands a client certificate',
    fix: 'Check the log of the server, and `tls.cert` and `tls.key` when it demands them',
  },
  'mysql-iam-settings': {
    kind: 'config',
    meaning: 'The settings of IAM are incomplete, contradict others, or would send a token to who knows whom',
    fix: 'Correct the setting at `path`',
  },
  'mysql-iam-identity': {
    kind: 'auth',
    meaning: 'The machine has no identity from which a token of IAM could be made',
    fix: 'Give the machine a role, or set `iam.accessKeyId` and `iam.secretAccessKey`',
  },
  'mysql-machine-identity-refused': {
    kind: 'policy',
    meaning: 'The settings ask for the identity of the machine, which whoever runs it has not allowed',
    fix: 'Set `iam.accessKeyId` and `iam.secretAccessKey`, or let the operator set BULKHEAD_MYSQL_MACHINE_IDENTITY=allow',
  },
  'mysql-password-missing': {
    kind: 'auth',
    meaning: 'The server refuses the user, and the settings have no password',
    fix: 'Set `password`',
  },
  'mysql-password-refused': {
    kind: 'auth',
    meaning: 'The server refuses the password of this user, or does not know the user from this address',
    fix: 'Correct `user` and `password`; some accounts are let in by TLS, or with a client certificate, only',
  },
  'mysql-login-refused': {
    kind: 'auth',
    meaning: 'The server does not let this user log in from here, or only by TLS',
    fix: 'Ask for an account for this user and address, with rights on the database, that is neither locked nor expired',
  },
  'mysql-login-unsupported': {
    kind: 'config',
    meaning:
      'The server demands a way of logging in that the connector does not know, such as Kerberos or ed25519',
    fix: 'Let the user log in by caching_sha2_password or mysql_native_password',
  },
  'mysql-database-unknown': {
    kind: 'config',
    meaning: 'There is no such database on the server',
    fix: 'Correct `database`',
  },
  'mysql-connections-in-use': {
    kind: 'quota',
    meaning: 'The run reads at more places at once than the connection allows',
    fix: 'Raise `limits.connections` of the connection',
  },

  'mysql-query-invalid': {
    kind: 'config',
    meaning:
      'The server does not accept the query: syntax, unknown table or column, arguments that do not fit',
    fix: 'Correct the query where the message says',
  },
  'mysql-not-a-query': {
    kind: 'config',
    meaning: 'The text is not exactly one SELECT, WITH, VALUES or TABLE that returns rows',
    fix: 'Write one query that returns rows',
  },
  'mysql-write-refused': {
    kind: 'policy',
    meaning:
      'The query tries to change data, or to write a file or variable; it runs in a read-only transaction',
    fix: 'Only read; functions that write and INTO cannot be used either',
  },
  'mysql-permission-denied': {
    kind: 'auth',
    meaning: 'The user may not read what the query reads',
    fix: 'Grant the user SELECT on it, or use another user',
  },
  'mysql-positional-parameter': {
    kind: 'config',
    meaning: 'The query has a parameter written ?',
    fix: 'Name the parameters: write :name and give `parameters.name`',
  },
  'mysql-parameter-invalid': {
    kind: 'config',
    meaning: 'No server can take the value of a parameter: text that is no Unicode, or too many values',
    fix: 'Give another value',
  },
  'mysql-duplicate-column': {
    kind: 'config',
    meaning: 'Two columns have the same name, and the format keeps values by name',
    fix: 'Give each column its own name with AS',
  },
  'mysql-type-unknown': {
    kind: 'config',
    meaning: 'A column has a type that this connector does not know',
    fix: 'Convert the column in the query, with CAST(… AS CHAR) or HEX(…)',
  },
  'mysql-zero-date': {
    kind: 'config',
    meaning: 'A date is none of the calendar, such as 0000-00-00',
    fix: 'Set `zeroDates` to `null` or `text`, or convert the column in the query',
  },
  'mysql-not-a-boolean': {
    kind: 'config',
    meaning: 'A TINYINT(1) is neither 0 nor 1, and the settings take it as a boolean',
    fix: 'Set `tinyint1` to `integer`, or write the column as a condition such as `flag <> 0`',
  },
  'mysql-value-refused': {
    kind: 'config',
    meaning:
      'A value of the data, or of the query, cannot be computed or converted; the value itself is not shown',
    fix: 'Look for the expression that can fail for some rows, such as a subtraction of unsigned numbers',
  },
  'mysql-value-cut': {
    kind: 'config',
    meaning: 'The server could not keep a value whole, because of one of its limits',
    fix: 'Ask for a larger max_allowed_packet, or gather less into one value',
  },
  'mysql-function-failed': {
    kind: 'config',
    meaning: 'A function of the database raised an error of its own; its text is not shown, it may hold data',
    fix: 'See the log of the server, and correct the function or how the query calls it',
  },
  'mysql-row-too-large': {
    kind: 'config',
    meaning: 'A row is larger than the settings allow',
    fix: 'Leave large columns out, or raise `maxRowSize`',
  },
  'mysql-query-timeout': {
    kind: 'config',
    meaning:
      'The query took longer than the connection allows, waiting for the receiver of the data included',
    fix: 'Make the query faster or narrower, or raise `limits.queryTimeout`',
  },
  'mysql-query-cancelled': {
    kind: 'transient',
    meaning: 'Someone on the side of the server killed the query',
    fix: 'Ask the administrator of the server why, then try again',
  },
  'mysql-lock-timeout': {
    kind: 'transient',
    meaning: 'Another session holds a lock on what the query reads',
    fix: 'Try again when the other session is done, or raise `lockTimeout`',
  },
  'mysql-conflict': {
    kind: 'transient',
    meaning: 'The query conflicted with another transaction, or a table was changed under it',
    fix: 'Try again',
  },
  'mysql-out-of-resources': {
    kind: 'transient',
    meaning: 'The server is out of memory, disk or another resource',
    fix: 'Try again later, or ask the administrator of the server',
  },
  'mysql-query-failed': {
    kind: 'config',
    meaning: 'The server ended the query with an error that has no code of its own here',
    fix: 'Look the number of the message up among the errors of MySQL or MariaDB',
  },
  'mysql-protocol': {
    kind: 'bug',
    meaning: 'The server answered what the connector does not expect',
    fix: 'Report it with the versions of server, proxies and connector',
  },
})

export type MysqlErrorCode = Parameters<typeof mysqlError>[0]
