import type { SystemType } from '@bulkhead/connector-sdk'

/** What each part of a record becomes. */
export const types: readonly SystemType[] = [
  { system: ['partition'], becomes: 'int32' },
  { system: ['offset'], becomes: 'int64' },
  {
    system: ['timestamp'],
    becomes: 'instant',
    note: 'Milliseconds in UTC, of the producer or of the broker, as the topic is set; null where a record has none',
  },
  {
    system: ['headers'],
    becomes: 'json',
    note: 'A list of `{"name": …, "value": …}` in their order, because a name may come twice; values as text, or as `\\x` and digits',
  },
  {
    system: ['value: json', 'key: json'],
    becomes: 'json',
    note: 'As it is written, digit for digit; what is no JSON in UTF-8 fails. As the only column, JSON Lines writes the value as the line',
  },
  {
    system: ['value: avro', 'key: avro'],
    becomes: 'json',
    note: 'By the schema with which it was written; numbers exact, decimals, dates and moments by their logical types',
  },
  { system: ['value: text', 'key: text'], becomes: 'text', note: 'UTF-8; what is not fails' },
  { system: ['value: binary', 'key: binary'], becomes: 'binary' },
]
