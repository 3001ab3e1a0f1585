import type { Prepare } from '@bulkhead/connector-sdk'

/** What airports can be ranked by. These are words of a query, which no parameter may be. */
const measures: Readonly<Record<string, string>> = {
  delay: 'minutes of delay',
  distance: 'miles of flight',
}

/** Writes the query of a ranking. Everything that the requester gave is bound, but for a word out of the list above. */
const ranking: Prepare = ({ parameters: { by, top, month }, flags }) => {
  const measure = String(by)
  if (!Object.hasOwn(measures, measure))
    return { refuse: `There is no ranking by ${measure}, only by ${Object.keys(measures).join(' and ')}` }
  // a median is not moved by one plane that stood for a day; it costs more, so it is rolled out step by step
  const average = flags['median'] === true ? 'median' : 'avg'
  const inMonth = month === null ? '' : "WHERE strftime(date, '%Y-%m') = :month"
  return {
    query: `SELECT origin AS airport, round(${average}(${measure}), 1) AS "${measures[measure]}", count(*) AS flights
FROM flights ${inMonth} GROUP BY origin ORDER BY 2 DESC, 1 LIMIT :top`,
    parameters: month === null ? { top: Number(top) } : { top: Number(top), month: String(month) },
    fileName: `airports-by-${measure}.csv`,
  }
}
export default ranking
