const units: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  k: 1e3,
  kB: 1e3,
  KB: 1e3,
  M: 1e6,
  MB: 1e6,
  G: 1e9,
  GB: 1e9,
  T: 1e12,
  TB: 1e12,
  Ki: 2 ** 10,
  KiB: 2 ** 10,
  Mi: 2 ** 20,
  MiB: 2 ** 20,
  Gi: 2 ** 30,
  GiB: 2 ** 30,
  Ti: 2 ** 40,
  TiB: 2 ** 40,
}

/**
 * Bytes of a size in the settings of a connection: `512MiB` and `512Mi` are binary, `512MB` and `512M` decimal. Which of
 * them a setting takes, and how large, its schema says.
 * @returns NaN for what is no size; beyond `Number.MAX_SAFE_INTEGER` not exact
 */
export function sizeInBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s?([A-Za-z]*)$/.exec(text)
  const name = match?.[2] ?? ''
  const unit = Object.hasOwn(units, name) ? units[name] : undefined
  return Math.floor(Number(match?.[1]) * (unit ?? Number.NaN))
}
