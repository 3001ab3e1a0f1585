/** A row of departures.sql. 64-bit integers arrive as bigint, so that none loses a digit. */
interface Flight {
  readonly departure: string
  readonly destination: string
  readonly airport: string | null
  readonly city: string | null
  readonly state: string | null
  readonly miles: bigint
  readonly delay: bigint | null
  readonly late: number
}

/** Columns of the file, in order. Declared, so that a result without rows has a header too. */
export const fields = {
  departure: 'timestamp',
  destination: 'text',
  airport: 'text',
  place: 'text',
  kilometres: 'integer32',
  delay: 'integer32',
  verdict: 'text',
}

const KILOMETRES_PER_MILE = 1.609344

/** One flight as the people at the desk read it. */
export default function departure(flight: Flight): Record<keyof typeof fields, unknown> {
  const delay = flight.delay === null ? null : Number(flight.delay)
  return {
    departure: flight.departure,
    destination: flight.destination,
    airport: flight.airport,
    place: [flight.city, flight.state].filter((part) => part !== null).join(', ') || null,
    kilometres: Math.round(Number(flight.miles) * KILOMETRES_PER_MILE),
    delay,
    verdict: verdict(delay, flight.late),
  }
}

function verdict(delay: number | null, late: number): string {
  if (delay === null) return 'unknown'
  if (delay < 0) return 'early'
  return delay >= late ? 'late' : 'on time'
}
