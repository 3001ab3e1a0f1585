/** The parts of `pg` that log in: SCRAM with SASLprep and channel binding, and the MD5 hash. Its version is pinned. */
declare module 'pg/lib/crypto/sasl.js' {
  interface SaslSession {
    readonly mechanism: string
    /** What to send next. */
    readonly response: string
  }
  const sasl: {
    startSession(mechanisms: readonly string[], stream: unknown): SaslSession
    continueSession(
      session: SaslSession,
      password: string,
      serverData: string,
      stream: unknown,
    ): Promise<void>
    finalizeSession(session: SaslSession, serverData: string): void
  }
  export default sasl
}

declare module 'pg/lib/crypto/utils.js' {
  const utils: {
    postgresMd5PasswordHash(user: string, password: string, salt: Uint8Array): Promise<string>
  }
  export default utils
}
