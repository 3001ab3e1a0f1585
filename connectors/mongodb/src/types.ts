import type { SystemType } from '@bulkhead/connector-sdk'

/**
 * What BSON values become in columns. A collection has no column types: `fields` says them, or
 * `discover` finds them; a value of another type than its column's is an error.
 */
export const types: readonly SystemType[] = [
  {
    system: ['document'],
    becomes: 'json',
    note: 'Extended JSON v2; in JSON Lines without `fields` and `discover` a document is the line',
  },
  { system: ['array', 'object'], becomes: 'json', note: 'Extended JSON v2, relaxed or canonical' },
  { system: ['string'], becomes: 'text', note: 'must be UTF-8; so must be the deprecated symbol' },
  { system: ['objectId'], becomes: 'text', note: '24 hexadecimal digits' },
  {
    system: ['binData (UUID)'],
    becomes: 'text',
    note: 'subtype 4, as xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx',
  },
  {
    system: ['binData'],
    becomes: 'binary',
    note: 'any subtype when declared; `discover` finds it for subtype 0 only, others become json',
  },
  {
    system: ['int', 'long'],
    becomes: 'int64',
    note: 'a double that is a whole number fits too; with doubles among them `discover` makes float64, or decimal when there are longs',
  },
  { system: ['double'], becomes: 'float64', note: 'int, and long up to 2^53, fit too' },
  {
    system: ['decimal'],
    becomes: 'decimal',
    note: 'all digits; 1E+3, NaN and Infinity as they are; every other number fits too',
  },
  { system: ['bool'], becomes: 'boolean' },
  { system: ['date'], becomes: 'instant', note: 'more than 285,000 years from 1970 is an error' },
  {
    system: ['regex', 'timestamp', 'javascript', 'minKey', 'maxKey'],
    becomes: 'json',
    note: 'Extended JSON v2; so do the deprecated dbPointer and javascriptWithScope',
  },
  {
    system: ['null'],
    becomes: 'json',
    note: 'null in a column of any type, as are the deprecated undefined and a missing field; three different things where a document is the line',
  },
]
