/** An option's value as a number above 0; anything else ends the process with a message. */
export function wholeNumber(text: string, option: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number > 0) return number
  console.error(`${option} takes a whole number above 0, not "${text}"`)
  process.exit(2)
}
