import type { Secret } from './secret.ts'

/** Something that keeps secrets of applications, each below the application's own name (I7). */
export interface SecretProvider {
  /**
   * Names have been checked: they can be part of a path.
   *
   * @returns undefined when it has none of that name
   * @throws BulkheadError `secret-unreadable`; `secret-provider-unavailable` when it may have it and cannot be asked
   */
  find(application: string, name: string): Promise<Secret | undefined>
  /** What a person is told when nobody has it: places, never values. */
  absence(
    application: string,
    name: string,
  ): {
    /** `the file /a/b is not there` */
    readonly missing: string
    /** `create the file /a/b` */
    readonly remedy: string
  }
}

/** Keys and tokens are far smaller; what is not is no secret. */
export const largestSecretBytes = 64 * 1024
