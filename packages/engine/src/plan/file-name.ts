/** Names of parameters that stand in braces in a file name. */
export function placeholdersIn(fileName: string): string[] {
  return [...fileName.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name ?? '')
}
