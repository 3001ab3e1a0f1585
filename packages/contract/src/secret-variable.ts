/** What names of such variables begin with. */
export const secretVariablePrefix = 'BULKHEAD_SECRET__'

/**
 * The variable of a secret: `BULKHEAD_SECRET__<APP>__<NAME>`, upper-case, a hyphen as `_`. Names begin and end with
 * a letter or digit and hold no `--`, so a variable belongs to one application and one name: `a-b` + `c` and
 * `a` + `b-c` never meet.
 */
export function secretVariable(application: string, name: string): string {
  const part = (text: string): string => text.toUpperCase().replaceAll('-', '_')
  return `${secretVariablePrefix}${part(application)}__${part(name)}`
}
