/** Longer secrets are looked for in windows of about so many characters: a part of one is found too. */
const windowCharacters = 64

/** What to look for, so that a secret is found in any of its forms. */
export interface SecretForms {
  /** To be found as they are. */
  readonly plain: readonly string[]
  /** Base64, in the standard alphabet. */
  readonly base64: readonly string[]
  /** Hexadecimal in lower case, with and without separators, and lists of decimal bytes. */
  readonly bytes: readonly string[]
  /** Most units of any of them. */
  readonly longest: number
}

/** @param shortest  what is shorter is not looked for */
export function secretForms(secrets: readonly string[], shortest: number): SecretForms {
  const windows = new Set<string>()
  for (const secret of secrets) {
    // line by line too, because texts are cut into lines
    for (const part of [secret, ...secret.split(/[\r\n]+/)])
      if (part.length >= shortest) for (const window of windowsOf(part)) windows.add(window)
  }
  const plain = [...windows]
  const buffers = [...withEscapes(plain)].map((window) => Buffer.from(window))
  const base64 = buffers.flatMap(base64Cores).filter((core) => core.length >= shortest)
  const bytes = buffers.flatMap((buffer) => [
    ...['', ' ', ':'].map((separator) => joined(buffer, separator, hexByte)),
    ...[',', ', '].map((separator) => joined(buffer, separator, String)),
  ])
  const longest = Math.max(0, ...[...plain, ...base64, ...bytes].map((form) => form.length))
  return { plain, base64, bytes, longest }
}

function windowsOf(text: string): string[] {
  const characters = Array.from(text)
  const windows: string[] = []
  for (let start = 0; start < characters.length;) {
    const rest = characters.length - start
    // a short rest would be found everywhere: it stays with the last window
    const length = rest < windowCharacters * 1.25 ? rest : windowCharacters
    windows.push(characters.slice(start, start + length).join(''))
    start += length
  }
  return windows
}

/** Also as JSON and a URL write them: what is encoded as bytes was often written so before. */
function withEscapes(windows: readonly string[]): ReadonlySet<string> {
  return new Set(
    windows.flatMap((window) => [
      window,
      JSON.stringify(window).slice(1, -1),
      encodeURIComponent(window.toWellFormed()),
    ]),
  )
}

/** In each of the three alignments, without the characters that also hold bits of a neighbour. */
function base64Cores(bytes: Buffer): string[] {
  return [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6))
  })
}

function joined(bytes: Buffer, separator: string, show: (byte: number) => string): string {
  return Array.from(bytes, show).join(separator)
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}
