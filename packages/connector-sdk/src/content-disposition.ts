/**
 * The header with which a download is saved under its name: a plain name for old readers, and the
 * exact one in UTF-8 when it is not plain. Made for any text, hostile ones too: what could end the
 * value or the header is replaced or percent-encoded.
 *
 * @see RFC 6266, RFC 8187 (3.2.1 for the letters that need no encoding)
 */
export function attachment(fileName: string): string {
  const name = fileName.toWellFormed()
  // `%` is replaced too: some browsers decode it, others do not
  const plain = name.replaceAll(/[^\u0020-\u007e]|["%\\]/gu, '_')
  if (plain === name) return `attachment; filename="${plain}"`
  const exact = encodeURIComponent(name).replaceAll(/['()*]/g, percentEncoded)
  return `attachment; filename="${plain}"; filename*=UTF-8''${exact}`
}

function percentEncoded(letter: string): string {
  return `%${letter.charCodeAt(0).toString(16).toUpperCase()}`
}
