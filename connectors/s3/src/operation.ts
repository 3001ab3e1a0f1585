/** What was tried, for the message and the fix. */
export interface Operation {
  /** After "Cannot": `write an object to`. The bucket follows. */
  readonly doing: string
  /** What a policy has to grant. */
  readonly right: string
  /** The object, when there is one. Shown in messages. */
  readonly key?: string
  /** The answer to a failed HEAD has no body, so that only its status tells. */
  readonly head?: boolean
}
