/** A row of readings.sql. Decimals arrive as text, with all their digits. */
interface Reading {
  readonly id: bigint
  readonly sensor: string
  readonly taken_at: string
  readonly celsius: string
}

/** Columns of the file, in order. */
export const fields = {
  id: 'integer',
  sensor: 'text',
  taken_at: 'timestamptz',
  celsius: 'decimal(6,3)',
  fahrenheit: 'decimal(6,3)',
  state: 'text',
}

const FROST = 2 // beds are covered below
const HEAT = 28 // windows open above

export default function reading(row: Reading): Record<keyof typeof fields, unknown> {
  const celsius = Number(row.celsius)
  return {
    ...row,
    fahrenheit: (celsius * 1.8 + 32).toFixed(3),
    state: celsius < FROST ? 'frost' : celsius > HEAT ? 'heat' : 'fine',
  }
}
