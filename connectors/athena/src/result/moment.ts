/** Dates and moments as Athena writes them, to those of the contract; undefined for what cannot be kept exactly. */

const day = /^(\d{4})-(\d\d)-(\d\d)$/
const moment = /^(\d{4}-\d\d-\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,12}))?(?: ?(UTC|Z|GMT|[+-]\d\d:\d\d))?$/

/** Years 1 to 9999. */
export function dateOf(text: string): string | undefined {
  return day.test(text) && !text.startsWith('0000') ? text : undefined
}

/** Without zone; digits beyond microseconds must be zeros. */
export function timestampOf(text: string): string | undefined {
  const [, date = '', hour, minute, second, fraction = '', zone] = moment.exec(text) ?? []
  const part = fractionText(fraction)
  if (dateOf(date) === undefined || zone !== undefined || part === undefined) return undefined
  return `${date} ${hour}:${minute}:${second}${part}`
}

/** With a zone as offset from UTC, or UTC; the name of another zone would be ambiguous once a year. */
export function instantOf(text: string): string | undefined {
  const [, date = '', hour, minute, second, fraction = '', zone] = moment.exec(text) ?? []
  const part = fractionText(fraction)
  if (dateOf(date) === undefined || zone === undefined || part === undefined) return undefined
  const utc = new Date(Date.parse(`${date}T${hour}:${minute}:${second}Z`) - offsetMs(zone))
  if (Number.isNaN(utc.getTime())) return undefined
  const [utcDate = '', utcTime = ''] = utc.toISOString().split('T')
  return dateOf(utcDate) === undefined ? undefined : `${utcDate} ${utcTime.slice(0, 8)}${part}+00`
}

/** `.25` for `2500`, nothing for zeros; undefined for what is finer than a microsecond. */
function fractionText(digits: string): string | undefined {
  const needed = digits.replace(/0+$/, '')
  if (needed.length > 6) return undefined
  return needed === '' ? '' : `.${needed}`
}

function offsetMs(zone: string): number {
  if (!/^[+-]/.test(zone)) return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4))
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000
}
