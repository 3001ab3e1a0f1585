import { mysqlError } from '../errors.ts'
import type { ColumnPlan } from '../query/column-plan.ts'
import { daysSince1970, isDate, microseconds, secondOfDay } from './calendar.ts'
import type { ColumnDecoder } from './column-decoder.ts'
import { Fixed } from './fixed-decoder.ts'

/** DATE. */
export class Dates extends Fixed {
  readonly #plan: ColumnPlan

  constructor(plan: ColumnPlan) {
    super(4, (buffer, rows) => new Int32Array(buffer, 0, rows))
    this.#plan = plan
  }
  add(row: number, bytes: Buffer, at: number): number {
    const length = bytes[at]!
    if (!isDate(bytes, at + 1, length)) noDate(this, this.#plan, row)
    else {
      this.out.reserve(row)
      this.out.words[row] = daysSince1970(bytes, at + 1)
    }
    return at + 1 + length
  }
}

/** Up to the year 2255 microseconds are exact as a number. */
const exactSeconds = 9_007_199_254

/** DATETIME and TIMESTAMP: the session is in UTC. */
export class Timestamps extends Fixed {
  readonly #plan: ColumnPlan

  constructor(plan: ColumnPlan) {
    super(8, (buffer, rows) => new BigInt64Array(buffer, 0, rows))
    this.#plan = plan
  }
  add(row: number, bytes: Buffer, at: number): number {
    const length = bytes[at]!
    const from = at + 1
    if (!isDate(bytes, from, length)) noDate(this, this.#plan, row)
    else {
      this.out.reserve(row)
      const { words } = this.out
      const seconds = daysSince1970(bytes, from) * 86_400 + secondOfDay(bytes, from, length)
      const fraction = microseconds(bytes, from, length)
      if (seconds < exactSeconds && seconds > -exactSeconds) {
        const micros = seconds * 1_000_000 + fraction
        const high = Math.floor(micros / 2 ** 32)
        words[2 * row] = micros - high * 2 ** 32
        words[2 * row + 1] = high
      } else {
        const micros = BigInt(seconds) * 1_000_000n + BigInt(fraction)
        words[2 * row] = Number(BigInt.asIntN(32, micros))
        words[2 * row + 1] = Number(micros >> 32n)
      }
    }
    return from + length
  }
}

/** What becomes of a date that no calendar has. */
function noDate(column: ColumnDecoder, { zeroIsNull, field }: ColumnPlan, row: number): void {
  if (!zeroIsNull)
    throw mysqlError(
      'mysql-zero-date',
      `The column "${field.name}" has a date that is none, such as 0000-00-00`,
      {
        path: 'query',
      },
    )
  column.addNull(row)
}
