import type { SystemType } from '@bulkhead/connector-sdk'

const wholeNumbers =
  'A JSON number, or a text that is one; a value outside of the range or with a fraction fails'

/** What a JSON value becomes in a column of each declared type. */
export const types: readonly SystemType[] = [
  {
    system: ['record without columns'],
    becomes: 'json',
    note: 'As it was written, without blanks between its tokens',
  },
  { system: ['boolean'], becomes: 'boolean', note: 'true or false' },
  { system: ['integer8'], becomes: 'int8', note: wholeNumbers },
  { system: ['integer16'], becomes: 'int16', note: wholeNumbers },
  { system: ['integer32'], becomes: 'int32', note: wholeNumbers },
  { system: ['integer', 'integer64'], becomes: 'int64', note: wholeNumbers },
  { system: ['unsigned8'], becomes: 'uint8', note: wholeNumbers },
  { system: ['unsigned16'], becomes: 'uint16', note: wholeNumbers },
  { system: ['unsigned32'], becomes: 'uint32', note: wholeNumbers },
  { system: ['unsigned64'], becomes: 'uint64', note: wholeNumbers },
  {
    system: ['float32'],
    becomes: 'float32',
    note: 'A JSON number, or a text that is one, rounded to 32 bits',
  },
  {
    system: ['float', 'float64'],
    becomes: 'float64',
    note: 'A JSON number, or a text that is one, rounded to 64 bits',
  },
  {
    system: ['decimal(p,s)'],
    becomes: 'decimal(p,s)',
    note: 'A JSON number, or a text that is one, digits as written, exponents written out; one that does not fit fails',
  },
  { system: ['decimal'], becomes: 'decimal', note: 'The same without a bound, up to 1000 digits' },
  {
    system: ['text'],
    becomes: 'text',
    note: 'A JSON string; numbers, true and false as they are written; objects, lists and half characters fail',
  },
  { system: ['binary'], becomes: 'binary', note: 'A JSON string in Base64 or Base64url' },
  { system: ['date'], becomes: 'date', note: 'A JSON string such as 2026-10-31' },
  {
    system: ['timestamp'],
    becomes: 'timestamp',
    note: 'A JSON string such as 2026-10-31T08:15:00.25; one with a zone, or with a fraction of a microsecond, fails',
  },
  {
    system: ['timestamptz'],
    becomes: 'instant',
    note: 'A JSON string with its zone, such as 2026-10-31T08:15:00+02:00; one without fails',
  },
  {
    system: ['epoch-seconds', 'epoch-milliseconds'],
    becomes: 'instant',
    note: 'A number since 1970, exactly, or a text that is one',
  },
  {
    system: ['json'],
    becomes: 'json',
    note: 'Any value as it was written, without blanks between its tokens; null is null',
  },
]
