import { shortestInside } from './shortest-decimal.ts'

/**
 * Floating point numbers as PostgreSQL writes them (`extra_float_digits` 1), which is how they read in every result:
 * the shortest digits that read back as the same number, plain or with an exponent by PostgreSQL's own bounds.
 * JavaScript's text has the same digits but where a decimal lies exactly between two numbers.
 *
 * `String(number)` is nowhere here: V8 keeps each such text in a table for the next time, which keeps tens of
 * megabytes alive in a long read.
 */

/** Room that any text of this file may use at most, in bytes. */
export const floatWidth = 24

/** A `double precision` as text: an exponent below 1e-4 and from 1e15. */
export function float64Text(value: number): string {
  const size = Math.abs(value)
  if (size >= 1e-4 && size < 1e15) return plainText(value)
  if (size === 0) return Object.is(value, -0) ? '-0' : '0'
  if (!Number.isFinite(value)) return notFinite(value)
  const scientific =
    size > Number.MAX_SAFE_INTEGER && size < 1e41 ? float64Digits(size) : size.toExponential()
  return (value < 0 ? '-' : '') + withExponent(scientific)
}

/** A `real` as text: an exponent below 1e-4 and from 1e6. */
export function float32Text(value: number): string {
  const size = Math.abs(value)
  if (size === 0) return Object.is(value, -0) ? '-0' : '0'
  if (!Number.isFinite(value)) return notFinite(value)
  const scientific = float32Digits(size)
  const exponent = Number(scientific.slice(scientific.indexOf('e') + 1))
  const text = exponent >= -4 && exponent < 6 ? plainText(Number(scientific)) : withExponent(scientific)
  return value < 0 ? `-${text}` : text
}

/** The same as a value of JSON, which has no number for `NaN` and the infinities: they stand in quotes. */
export function floatJson(value: number, bits: 32 | 64): string {
  const text = bits === 32 ? float32Text(value) : float64Text(value)
  return Number.isFinite(value) ? text : `"${text}"`
}

/** Without an exponent, of a number whose exponent is from -7 to 20. */
function plainText(value: number): string {
  if (Number.isSafeInteger(value)) return value.toFixed(0)
  const text = value.toExponential()
  const mark = text.indexOf('e')
  const exponent = Number(text.slice(mark + 1))
  if (exponent === 0) return text.slice(0, mark)
  const first = value < 0 ? 1 : 0
  const sign = text.slice(0, first)
  const digits = text.slice(first, first + 1) + text.slice(first + 2, mark)
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`
}

function notFinite(value: number): string {
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity'
}

/** `1.5e+7` with at least two digits of exponent, as C's `printf` has them. */
function withExponent(scientific: string): string {
  return scientific.replace(/e([+-])(\d)$/, 'e$10$2')
}

/**
 * Above 2^53 a short decimal may lie exactly between two numbers. JavaScript takes it when it reads
 * back (to the even one), PostgreSQL does not rely on that and takes more digits.
 */
function float64Digits(size: number): string {
  const text = size.toExponential()
  float64[0] = size
  if ((bits64[0]! & 1n) === 1n) return text
  const [lower, upper] = neighbours(size)
  const exact = BigInt(size)
  const decimal = 2n * integerOf(text)
  // All three are integers here; doubled, so are the points halfway to the neighbours.
  const low = exact + BigInt(lower)
  const high = exact + BigInt(upper)
  return decimal === low || decimal === high ? shortestInside(low, high, 2n * exact, 2n) : text
}

function neighbours(size: number): [lower: number, upper: number] {
  const bits = bits64[0]!
  bits64[0] = bits - 1n
  const lower = float64[0]!
  bits64[0] = bits + 1n
  const upper = float64[0]!
  bits64[0] = bits
  return [lower, upper === Infinity ? size : upper]
}

function integerOf(scientific: string): bigint {
  const [digits = '', exponent = '0'] = scientific.split('e')
  const [whole = '', fraction = ''] = digits.split('.')
  return BigInt(whole + fraction.padEnd(Number(exponent), '0'))
}

/**
 * The shortest digits between the points halfway to the neighbouring 32-bit numbers. Six digits are
 * tried first: whatever has at most six reads back, so nothing shorter can be missed.
 */
function float32Digits(size: number): string {
  float32[0] = size
  const bits = bits32[0]!
  bits32[0] = bits - 1
  const lower = float32[0]!
  bits32[0] = bits + 1
  const above = float32[0]!
  const upper = above === Infinity ? 2 * size - lower : above
  // Exact: two numbers of 24 bits with almost the same exponent, halved.
  const low = (lower + size) / 2
  const high = (size + upper) / 2
  const powerOfTwo = (bits & 0x7f_ffff) === 0
  if (!powerOfTwo && bits > 0x80_0000) {
    for (let digits = 6; digits <= 9; digits++) {
      const text = size.toExponential(digits - 1)
      const back = Number(text)
      if (back === low || back === high || isTie(size, digits)) break
      if (back > low && back < high) return text.replace(/\.?0*e/, 'e')
    }
  }
  // Next to a power of two the lower neighbour is nearer, below 2^-126 the numbers are coarse, and a
  // decimal that reads as the halfway point itself needs exact arithmetic: all of them rare. So is a
  // number halfway between two decimals, which PostgreSQL rounds to the even one.
  return shortestInside(scaled(low), scaled(high), scaled(size), 1n << 150n)
}

/** Whether the number ends with a five right behind so many digits. */
function isTie(size: number, digits: number): boolean {
  const text = size.toExponential(digits)
  return text.charCodeAt(text.indexOf('e') - 1) === 0x35 && Number(text) === size
}

/** A halfway point or number times 2^150, which makes an integer of every one of them. */
function scaled(value: number): bigint {
  return BigInt(value * 2 ** 150)
}

const float64 = new Float64Array(1)
const bits64 = new BigUint64Array(float64.buffer)
const float32 = new Float32Array(1)
const bits32 = new Uint32Array(float32.buffer)
