/**
 * The highest number, from 1 on, that is there, of numbers without a gap; 0 when there is none. Asks far less often
 * than once for each.
 */
export async function lastOf(isThere: (number: number) => Promise<boolean>): Promise<number> {
  let known = 0
  let next = 1
  while (await isThere(next)) {
    known = next
    next *= 2
  }
  // `known` is there and `next` is not
  while (next - known > 1) {
    const middle = Math.floor((known + next) / 2)
    if (await isThere(middle)) known = middle
    else next = middle
  }
  return known
}
