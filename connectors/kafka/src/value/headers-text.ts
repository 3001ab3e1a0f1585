import type { KafkaRecord } from '../read/visible-records.ts'
import { textOf } from './text-value.ts'

/**
 * The headers of a record as JSON: a list of `{"name":…,"value":…}` in their order, because a name may come twice.
 * @throws BulkheadError `kafka-value-invalid`
 */
export function headersText({ headers, partition, offset }: KafkaRecord, format: 'text' | 'binary'): string {
  const place = { partition, offset, part: 'header' } as const
  const items = headers.map(([name, value]) => {
    const shown =
      value === null ? null : format === 'text' ? textOf(value, place) : `\\x${value.toString('hex')}`
    return JSON.stringify({ name: name === null ? '' : textOf(name, place), value: shown })
  })
  return `[${items.join(',')}]`
}
