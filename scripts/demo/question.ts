/** A request of the demo: the commands that a user would type. */
export interface Question {
  readonly title: string
  /** Arguments of `bulkhead`; left out where there is no application to plan with. */
  readonly plan?: readonly string[]
  readonly run: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Commands to try next: they work as they stand. */
  readonly next: readonly { readonly command: string; readonly about: string }[]
}
