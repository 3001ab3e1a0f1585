const prefix = 'BULKHEAD_PLATFORM__'

/**
 * All variables, and those of the platform taken out of the process: what it may log in to brokers with is no
 * affair of the application, whose code runs here (I6).
 */
export function takePlatformVariables(
  environment: NodeJS.ProcessEnv,
): Readonly<Record<string, string | undefined>> {
  const all = { ...environment }
  for (const name of Object.keys(environment)) if (name.startsWith(prefix)) delete environment[name]
  return all
}
