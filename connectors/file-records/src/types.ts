import type { SystemType } from '@bulkhead/connector-sdk'

/** What every type that a query declares becomes. Files of text have no types of their own. */
export const types: readonly SystemType[] = [
  { system: ['text'], becomes: 'text', note: 'The default. As it stands in the file, in UTF-8' },
  { system: ['boolean'], becomes: 'boolean', note: 'By `trueTexts` and `falseTexts`' },
  { system: ['integer8'], becomes: 'int8' },
  { system: ['integer16'], becomes: 'int16' },
  { system: ['integer32'], becomes: 'int32' },
  { system: ['integer'], becomes: 'int64', note: 'Also `+7`, `007`, `2.0`, and `7-`, as old systems write' },
  { system: ['unsigned64'], becomes: 'uint64' },
  { system: ['float'], becomes: 'float64' },
  {
    system: ['decimal(p,s)'],
    becomes: 'decimal(p,s)',
    note: 'Digits as written; one that has too many of them fails',
  },
  { system: ['decimal'], becomes: 'decimal', note: 'Digits as written; exponents are written out' },
  { system: ['date'], becomes: 'date', note: 'By `pattern`; default ISO 8601' },
  {
    system: ['timestamp'],
    becomes: 'timestamp',
    note: 'By `pattern`; default ISO 8601. A fraction of a microsecond fails',
  },
  { system: ['timestamptz'], becomes: 'instant', note: 'In UTC' },
  { system: ['json'], becomes: 'json', note: 'As written' },
]
