const dayMs = 86_400_000
/** Years 1970 to 9999, which relaxed Extended JSON writes as ISO text. */
const lastMs = 253_402_300_799_999

let cachedDay = Number.NaN
let cachedText = ''

/** `2026-10-31`; most documents share their days with the ones before. */
function dayText(day: number): string {
  if (day !== cachedDay) {
    cachedText = new Date(day * dayMs).toISOString().slice(0, 10)
    cachedDay = day
  }
  return cachedText
}

/** Whether the moment reads as ISO text in relaxed Extended JSON. */
export function isPlainYear(ms: number): boolean {
  return ms >= 0 && ms <= lastMs
}

/** `2026-10-31T08:15:00.250Z`, without milliseconds when they are zero. */
export function isoText(ms: number): string {
  const day = Math.floor(ms / dayMs)
  const inDay = ms - day * dayMs
  const fraction = inDay % 1000
  const text = `${dayText(day)}T${clock((inDay - fraction) / 1000)}`
  return fraction === 0 ? `${text}Z` : `${text}.${three[fraction]}Z`
}

function clock(seconds: number): string {
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  return `${two[hours]}:${two[minutes]}:${two[seconds % 60]}`
}

const two = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, '0'))
const three = Array.from({ length: 1000 }, (_, value) => String(value).padStart(3, '0'))
