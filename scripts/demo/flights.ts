import type { Question } from './question.ts'

const adHoc = 'examples/data-desk/requests/all-flights.json'

/** Two applications over the flights: one with a job and code of its own, one that takes ad hoc queries. */
export function flightQuestions(): readonly Question[] {
  return [
    {
      title: 'A named job with a parameter, row by row through its departure.ts',
      plan: ['plan', 'examples/flights', '--job', 'departures', '-p', 'airport=ORD'],
      run: ['run', '--application', 'examples/flights', '--job', 'departures', '-p', 'airport=ORD'],
      environment: {},
      next: [
        {
          command: 'npx bulkhead preview examples/flights --job departures -p airport=SEA --rows 5',
          about: 'the first rows of another airport',
        },
      ],
    },
    {
      title: `An ad hoc query on a declared connection: ${adHoc}`,
      plan: ['plan', 'examples/data-desk', '--request', adHoc],
      run: ['run', '--application', 'examples/data-desk', '--request', adHoc],
      environment: {},
      next: [
        {
          command:
            'npx bulkhead copy node_modules/vega-datasets/data/flights-3m.parquet bulkhead-out/flights.jsonl.zst',
          about: 'one line, no application',
        },
      ],
    },
  ]
}
