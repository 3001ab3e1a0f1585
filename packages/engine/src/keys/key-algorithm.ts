/**
 * How credentials are sealed: a key of their own, encrypted to a public key of the application by one of these,
 * and themselves encrypted by that key with AES-256-GCM. @see RFC 7518, 4.3, 4.6 and 5.3
 */
export const keyAlgorithms = ['ECDH-ES+A256KW', 'RSA-OAEP-256'] as const
export type KeyAlgorithm = (typeof keyAlgorithms)[number]

export const contentEncryption = 'A256GCM'

/** What a request may bring; also the most that is looked at of one (I8). */
export const mostSealedCharacters = 64_000
