import { connectorErrors } from '@bulkhead/connector-sdk'

/** The one registry of this connector's error codes; documentation and `connector.json` are made of it. */
export const { errors, error: mongodbError } = connectorErrors({
  'mongodb-host-unknown': {
    kind: 'config',
    meaning: 'The name of a host does not exist',
    fix: 'Correct `hosts`',
  },
  'mongodb-unreachable': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'Nothing answers at any of the hosts: refused, no route, or name service down',
    fix: 'Check `hosts`, that the servers run, and that their firewall lets this machine in',
  },
  'mongodb-connect-timeout': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'No server answered in time while connecting',
    fix: 'Check `hosts`, or raise `limits.connectTimeout`',
  },
  'mongodb-no-suitable-server': {
    kind: 'transient',
    ofConnection: true,
    meaning:
      'Servers answer, and none of them suits: no primary, no secondary, too much lag, or another replica set',
    fix: 'Check the state of the replica set, `replicaSet` and the read preference',
  },
  'mongodb-not-a-server': {
    kind: 'config',
    meaning: 'What answers does not speak the protocol of MongoDB',
    fix: 'Correct `hosts`; a server that demands TLS needs `tls.mode`',
  },
  'mongodb-version-unsupported': {
    kind: 'config',
    meaning: 'The server is older, or speaks an older protocol, than the client supports',
    fix: 'Use MongoDB 4.4 or newer',
  },
  'mongodb-connection-lost': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'The connection broke, or the server ended it',
    fix: 'Try again; the log of the server says why it ended the connection. A server that demands TLS needs `tls.mode`',
  },
  'mongodb-unavailable': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'The server starts, stops, recovers or hands over to another primary',
    fix: 'Try again later',
  },
  'mongodb-tls-unsupported': {
    kind: 'config',
    meaning: 'The settings demand TLS and the server has none, or none that both know',
    fix: 'Switch TLS on at the server, or set `tls.mode` to `disable` where the network is trusted',
  },
  'mongodb-certificate-refused': {
    kind: 'config',
    meaning:
      'The certificate of the server is not signed by a known authority, names another host or has expired',
    fix: 'Give the authority of the server in `tls.ca`, or lower `tls.mode`',
  },
  'mongodb-tls-settings': {
    kind: 'config',
    meaning: 'Certificate, key or authority in the settings cannot be read, or do not fit',
    fix: 'Correct `tls.ca`, `tls.cert`, `tls.key`: PEM text, key without passphrase',
  },
  'mongodb-login-missing': {
    kind: 'auth',
    meaning: 'The server lets nobody read who has not logged in, and the settings have no user',
    fix: 'Set `user` and `password`',
  },
  'mongodb-login-refused': {
    kind: 'auth',
    meaning: 'The server refuses the password, or does not know the user in this `authSource`',
    fix: 'Correct `user`, `password` and `authSource`',
  },
  'mongodb-login-unsupported': {
    kind: 'config',
    meaning: 'The server does not know this way of logging in, or it needs TLS',
    fix: 'Correct `authMechanism`, or leave it out',
  },
  'mongodb-settings-refused': {
    kind: 'config',
    meaning: 'The client does not take the settings together',
    fix: 'Correct the setting that the message names',
  },
  'mongodb-connections-in-use': {
    kind: 'quota',
    meaning: 'The run reads at more places at once than the connection allows',
    fix: 'Raise `limits.connections` of the connection',
  },

  'mongodb-query-invalid': {
    kind: 'config',
    meaning: 'The query is not what the connector or the server understands',
    fix: 'Correct the query at the path of the error',
  },
  'mongodb-stage-refused': {
    kind: 'policy',
    meaning: 'The query has a stage that writes, runs code, never ends or looks at more than the data',
    fix: 'Use stages that only read: the README lists them',
  },
  'mongodb-javascript-refused': {
    kind: 'policy',
    meaning: 'The query would run JavaScript in the server',
    fix: 'Use operators of the query language, such as $expr',
  },
  'mongodb-collection-unknown': {
    kind: 'config',
    meaning: 'There is no such collection or view, or the user may not see it',
    fix: 'Correct `collection` and `database`, or the rights of the user',
  },
  'mongodb-parameter-invalid': {
    kind: 'config',
    meaning: 'A parameter is not a value that can stand at its place',
    fix: 'Give a value of the type that the query writes around it, or none for a name',
  },
  'mongodb-parallel-refused': {
    kind: 'config',
    meaning: 'The query cannot be cut into ranges of `_id`, or asks for more than the connection allows',
    fix: 'Leave `parallel` out, or remove sort, limit, skip, hint and stages that need all documents',
  },
  'mongodb-permission-denied': {
    kind: 'auth',
    meaning: 'The user may not read what the query reads',
    fix: 'Give the user the role `read` on the database, or use another user',
  },
  'mongodb-query-failed': {
    kind: 'config',
    meaning:
      'The server ended the query with an error, such as an expression that fails for some documents; its text may hold data and is not shown',
    fix: 'Look the name of the error up, and for the expression that can fail for some documents',
  },
  'mongodb-memory-exceeded': {
    kind: 'config',
    meaning: 'A sort or group needs more memory than the server allows',
    fix: 'Set `allowDiskUse: true` in the query, or create an index for the sort',
  },
  'mongodb-query-timeout': {
    kind: 'config',
    meaning:
      'The query took longer than the connection allows, waiting for the receiver of the data included',
    fix: 'Make the query faster or narrower, or raise `limits.queryTimeout`',
  },
  'mongodb-query-killed': {
    kind: 'transient',
    meaning: 'Someone on the side of the server ended the query',
    fix: 'Ask the administrator of the server why, then try again',
  },
  'mongodb-cursor-lost': {
    kind: 'transient',
    meaning:
      'The server forgot the cursor: nobody read for ten minutes, or the data moved to another server meanwhile',
    fix: 'Try again; a receiver that pauses for minutes loses the cursor every time',
  },
  'mongodb-out-of-resources': {
    kind: 'transient',
    meaning: 'The server is out of memory, disk or another resource',
    fix: 'Try again later, or ask the administrator of the server',
  },

  'mongodb-field-unexpected': {
    kind: 'config',
    meaning: 'A document has a field that none of the documents had from which the columns were found',
    fix: 'Name a column for all others with `rest`, look at more documents with `discover`, or list the columns in `fields`',
  },
  'mongodb-value-unfit': {
    kind: 'config',
    meaning: 'A value does not fit the type of its column',
    fix: 'Give the column the type `json`, which takes every value, or convert the value in the query',
  },
  'mongodb-columns-invalid': {
    kind: 'config',
    meaning: 'Columns are named twice, or overlap, or nothing was found from which they could be made',
    fix: 'Correct `fields`, `discover` and `rest`',
  },
  'mongodb-text-invalid': {
    kind: 'config',
    meaning: 'A text of the data is not UTF-8, so that no format can keep it',
    fix: 'Correct the documents, or leave the field out',
  },
  'mongodb-protocol': {
    kind: 'bug',
    meaning: 'The server answered what the connector does not expect',
    fix: 'Report it with the versions of server and connector',
  },
})

export type MongodbErrorCode = Parameters<typeof mongodbError>[0]
