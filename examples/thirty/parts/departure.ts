/** A row of the application's query. 64-bit integers arrive as bigint, so that none loses a digit. */
interface Flight {
  readonly departure: string
  readonly origin: string
  readonly destination: string
  readonly miles: bigint
  readonly delay: bigint | null
}

export const fields = { departure: 'timestamp', route: 'text', kilometres: 'integer32', verdict: 'text' }

const KILOMETRES_PER_MILE = 1.609344

export default function departure(flight: Flight): Record<keyof typeof fields, unknown> {
  return {
    departure: flight.departure,
    route: `${flight.origin} - ${flight.destination}`,
    kilometres: Math.round(Number(flight.miles) * KILOMETRES_PER_MILE),
    verdict: flight.delay === null ? 'unknown' : flight.delay > 15 ? 'late' : 'on time',
  }
}
