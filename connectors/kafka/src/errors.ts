import { connectorErrors } from '@bulkhead/connector-sdk'

/** The one registry of this connector's error codes; documentation and `connector.json` are made of it. */
export const { errors, error: kafkaError } = connectorErrors({
  'kafka-unreachable': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'No broker answers: refused, unknown host, no route, or the connection broke while connecting',
    fix: 'Check `brokers`, that they run, and that the addresses that they advertise can be reached from here',
  },
  'kafka-connect-timeout': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'No broker answered in time while connecting',
    fix: 'Check `brokers`, or raise `limits.connectTimeout`',
  },
  'kafka-connection-lost': {
    kind: 'transient',
    ofConnection: true,
    meaning: 'The connection to a broker broke while reading, and could not be made again',
    fix: 'Try again; the log of the broker says why it ended the connection',
  },
  'kafka-certificate-refused': {
    kind: 'config',
    meaning:
      'The certificate of a broker is not signed by a known authority, names another host or has expired',
    fix: 'Give the authority in `tls.ca`, or the name that the certificates carry in `tls.serverName`',
  },
  'kafka-tls-settings': {
    kind: 'config',
    meaning: 'Certificate, key or authority in the settings cannot be read, or do not fit',
    fix: 'Correct `tls.ca`, `tls.cert`, `tls.key`: PEM text, key without passphrase',
  },
  'kafka-tls-failed': {
    kind: 'transient',
    ofConnection: true,
    meaning:
      'The TLS handshake failed: the port has no TLS, has it while the settings have not, or demands a client certificate',
    fix: 'Check the port in `brokers`, `tls.mode`, and `tls.cert` and `tls.key` when the broker demands them',
  },
  'kafka-login-refused': {
    kind: 'auth',
    meaning:
      'The broker refuses user or password, does not know the mechanism, or demands a login and the settings have none',
    fix: 'Correct `sasl.mechanism`, `sasl.username` and `sasl.password`',
  },
  'kafka-permission-denied': {
    kind: 'auth',
    meaning: 'The user may not read the topic',
    fix: 'Grant READ and DESCRIBE on the topic to the user; no right on a group is needed',
  },
  'kafka-query-invalid': {
    kind: 'config',
    meaning: 'The query is not an object with a topic, or its bounds make no sense',
    fix: 'Write { topic, from, to, partitions, value, key, headers, columns } as the README describes',
  },
  'kafka-topic-unknown': {
    kind: 'config',
    meaning: 'The cluster has no such topic, or the user may not see it',
    fix: 'Correct `topic`; it is case-sensitive and is not created by reading',
  },
  'kafka-partition-unknown': {
    kind: 'config',
    meaning: 'The topic has no such partition',
    fix: 'Correct `partitions`; they are counted from 0',
  },
  'kafka-offset-out-of-range': {
    kind: 'config',
    meaning: 'The read begins before the first record that the broker still has, or after its last',
    fix: 'Begin inside of what the message says, or write `earliest`',
  },
  'kafka-records-gone': {
    kind: 'transient',
    meaning: 'Records were deleted by the retention of the topic while it was read',
    fix: 'Read again, from later on, or lengthen the retention',
  },
  'kafka-value-invalid': {
    kind: 'record',
    meaning:
      'A value, key or header is not what the query says: no JSON, no UTF-8 or no Avro. The record itself is not shown',
    fix: 'Look at the record that the message names, or read it as `binary`',
  },
  'kafka-format-unsupported': {
    kind: 'config',
    meaning:
      'The records are stored in a form from before Kafka 0.11, or compressed by what this machine does not have',
    fix: 'Let the broker rewrite them, or read only newer records',
  },
  'kafka-registry-settings': {
    kind: 'config',
    meaning:
      'The query reads Avro and the connection names no schema registry, or one that knows nothing of the schema',
    fix: 'Set `registry.url` to the registry with which the records were written',
  },
  'kafka-registry-unreachable': {
    kind: 'transient',
    meaning: 'The schema registry does not answer, or answers that it cannot now',
    fix: 'Check `registry.url`, and that the registry runs',
  },
  'kafka-registry-refused': {
    kind: 'auth',
    meaning: 'The schema registry refuses user and password',
    fix: 'Correct `registry.username` and `registry.password`',
  },
  'kafka-schema-unsupported': {
    kind: 'config',
    meaning: 'A schema of the registry is not Avro, cannot be read, or refers to schemas without end',
    fix: 'Read the values as `binary`, or correct the schema',
  },
  'kafka-query-timeout': {
    kind: 'config',
    meaning: 'The read took longer than the connection allows, waiting for the receiver of the data included',
    fix: 'Read less at once, or raise `limits.queryTimeout`',
  },
  'kafka-server-error': {
    kind: 'transient',
    meaning: 'A broker answered with an error that has no code of its own here',
    fix: 'Try again; the log of the broker has the details',
  },
  'kafka-protocol': {
    kind: 'bug',
    meaning: 'A broker or the client did what the connector does not expect',
    fix: 'Report it with the versions of broker and connector',
  },
})
