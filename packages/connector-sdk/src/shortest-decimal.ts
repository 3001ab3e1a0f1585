/**
 * The shortest decimal strictly between two bounds, the nearest to `value` among equally short ones and
 * the even one of two that are equally near, in exact arithmetic. Slow, and meant for the few numbers where the fast way is not sure.
 *
 * @param low    lower bound times `scale`, itself excluded
 * @param high   upper bound times `scale`, itself excluded
 * @param value  the number times `scale`
 * @returns      `d.ddde±x`, as `Number.prototype.toExponential` writes
 */
export function shortestInside(low: bigint, high: bigint, value: bigint, scale: bigint): string {
  let exponent = String(value / scale).length - 1
  if (value < scale) {
    exponent = -1
    for (let times = value * 10n; times < scale; times *= 10n) exponent--
  }
  for (let digits = 1; ; digits++) {
    // A unit in the last digit is 10^power; both sides are multiplied until it is an integer.
    const power = exponent - (digits - 1)
    const grow = power < 0 ? 10n ** BigInt(-power) : 1n
    const unit = power < 0 ? scale : scale * 10n ** BigInt(power)
    const target = value * grow
    const below = target / unit
    const candidates = [below, below + 1n].filter(
      (decimal) => decimal * unit > low * grow && decimal * unit < high * grow,
    )
    const distance = (decimal: bigint): bigint =>
      decimal * unit > target ? decimal * unit - target : target - decimal * unit
    const [first, second] = candidates
    if (first === undefined) continue
    if (second === undefined || distance(first) < distance(second)) return scientific(first, power)
    const even = first % 2n === 0n ? first : second
    return scientific(distance(second) < distance(first) ? second : even, power)
  }
}

function scientific(decimal: bigint, power: number): string {
  const digits = String(decimal)
  const exponent = power + digits.length - 1
  const significant = digits.replace(/0+$/, '')
  const fraction = significant.length > 1 ? `.${significant.slice(1)}` : ''
  return `${significant[0]}${fraction}e${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`
}
