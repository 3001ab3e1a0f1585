/** The grammar of JSON numbers, byte by byte: RFC 8259, section 6. A state says where within the number one is. */

export const NUMBER_START = 0
const MINUS = 1
const ZERO = 2
const WHOLE = 3
const POINT = 4
const FRACTION = 5
const EXPONENT = 6
const EXPONENT_SIGN = 7
const EXPONENT_DIGITS = 8

/** Whether a number may end in this state. */
export function numberMayEnd(state: number): boolean {
  return state === ZERO || state === WHOLE || state === FRACTION || state === EXPONENT_DIGITS
}

/** @returns the state after the byte; -1 when it is not part of the number */
export function afterInNumber(state: number, byte: number): number {
  const isDigit = byte >= 0x30 && byte <= 0x39
  switch (state) {
    case NUMBER_START:
      if (byte === 0x2d) return MINUS
      return isDigit ? (byte === 0x30 ? ZERO : WHOLE) : -1
    case MINUS:
      return isDigit ? (byte === 0x30 ? ZERO : WHOLE) : -1
    case ZERO:
    case WHOLE:
      if (isDigit) return state === WHOLE ? WHOLE : -1
      if (byte === 0x2e) return POINT
      return (byte | 0x20) === 0x65 ? EXPONENT : -1
    case POINT:
      return isDigit ? FRACTION : -1
    case FRACTION:
      if (isDigit) return FRACTION
      return (byte | 0x20) === 0x65 ? EXPONENT : -1
    case EXPONENT:
      if (byte === 0x2b || byte === 0x2d) return EXPONENT_SIGN
      return isDigit ? EXPONENT_DIGITS : -1
    case EXPONENT_SIGN:
    case EXPONENT_DIGITS:
      return isDigit ? EXPONENT_DIGITS : -1
    default:
      return -1
  }
}
