/**
 * Why a file is not served. What a stranger may know: not whether a file exists, unless the link to it
 * was signed.
 */
export interface Problem {
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail: string
}

export const problems = {
  'link-refused': {
    status: 403,
    title: 'The link is not valid',
    detail: 'It was not signed here, or was changed on its way. Copy it whole, or ask for a new one.',
  },
  'link-expired': {
    status: 410,
    title: 'The link has expired',
    detail: 'Repeat the request: its answer comes with a fresh link.',
  },
  'file-gone': {
    status: 404,
    title: 'The file is gone',
    detail: 'It was removed, or its time was over. Repeat the request to get a new one.',
  },
  'not-found': { status: 404, title: 'Not found', detail: 'This server serves signed links only.' },
  'method-not-allowed': {
    status: 405,
    title: 'Method not allowed',
    detail: 'Files can be read, by GET and HEAD, and nothing else.',
  },
  'precondition-failed': {
    status: 412,
    title: 'The file is another one',
    detail: 'It does not match If-Match or If-Unmodified-Since.',
  },
  'link-too-long': { status: 414, title: 'The address is too long', detail: 'No link has such an address.' },
  'range-not-satisfiable': {
    status: 416,
    title: 'The range is outside the file',
    detail: 'Content-Range says how long the file is.',
  },
  'server-fault': {
    status: 500,
    title: 'The file cannot be served',
    detail: 'Something is wrong on this side; its log says what.',
  },
} as const satisfies Readonly<Record<string, Omit<Problem, 'code'>>>

export type ProblemCode = keyof typeof problems

/** @see RFC 9457; without a page of its own the type is `about:blank`, and `code` tells them apart */
export function problemBody(code: ProblemCode): string {
  const { status, title, detail } = problems[code]
  return JSON.stringify({ type: 'about:blank', title, status, detail, code })
}
