/** What a number is by the look of its cell. */
export type NumberKind = 'number' | 'date' | 'time' | 'moment'

/** Formats that Excel has built in, by number (ECMA-376, part 1, 18.8.30); those of East Asia are dates as well. */
const builtIn: readonly (readonly [from: number, to: number, kind: NumberKind])[] = [
  [14, 17, 'date'],
  [18, 21, 'time'],
  [22, 22, 'moment'],
  [27, 31, 'date'],
  [32, 35, 'time'],
  [36, 36, 'date'],
  [45, 45, 'time'],
  [47, 47, 'time'],
  [50, 54, 'date'],
  [55, 56, 'time'],
  [57, 58, 'date'],
]

/** What numbers are in a format that Excel has built in. Elapsed time (46) stays a number of days. */
export function kindOfBuiltIn(id: number): NumberKind {
  return builtIn.find(([from, to]) => id >= from && id <= to)?.[2] ?? 'number'
}

/** What numbers are in a format by its code, such as `dd\.mm\.yyyy hh:mm`. */
export function kindOfCode(code: string): NumberKind {
  const [positive = ''] = code
    // Texts, escaped letters, and what leaves room or fills up.
    .replace(/"[^"]*"|\\.|_.|\*./g, '')
    .split(';')
  // Elapsed time counts beyond a day: it is no time of day.
  if (/\[(h+|m+|s+)\]/i.test(positive)) return 'number'
  const letters = positive.replace(/\[[^\]]*\]/g, '').replace(/AM\/PM|A\/P/gi, 'h')
  if (/general/i.test(letters)) return 'number'
  const hasTime = /[hs]/i.test(letters)
  const hasDate = /[yd]/i.test(letters) || (/m/i.test(letters) && !hasTime)
  if (hasDate) return hasTime ? 'moment' : 'date'
  return hasTime ? 'time' : 'number'
}
