/** The part of an address behind `?`. Spaces are %20: what is signed takes a plus for one. */
export function queryString(options: Readonly<Record<string, string>>): string {
  return new URLSearchParams(options).toString().replaceAll('+', '%20')
}
