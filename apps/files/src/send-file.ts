import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { basename, dirname } from 'node:path'
import { attachment } from '@bulkhead/connector-sdk'
import { send } from '@fastify/send'
import type { OpenedFile } from './open-file.ts'
import type { ProblemCode } from './problem.ts'

/** What goes out: a file or a part of it, or nothing new, or why not. */
export interface FileAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readable
  readonly problem: ProblemCode | undefined
}

/** Ranges, conditions and HEAD, by the library; names and safety headers, by us. */
export async function answerWithFile(
  request: IncomingMessage,
  file: OpenedFile,
  name: { readonly fileName: string; readonly contentType: string },
): Promise<FileAnswer> {
  const answer = await send(request, `/${encodeURIComponent(basename(file.path))}`, {
    root: dirname(file.path),
    // the link is signed for exactly this file, whatever its name begins with
    dotfiles: 'allow',
    index: false,
    extensions: false,
    cacheControl: false,
    contentType: false,
  })
  if (answer.type === 'file') {
    return {
      status: answer.statusCode,
      headers: { ...stringified(answer.headers), ...fileHeaders(name) },
      body: answer.stream,
      problem: undefined,
    }
  }
  answer.stream.destroy()
  const range = stringified(answer.headers)['Content-Range']
  return {
    status: answer.statusCode,
    headers: range === undefined ? {} : { 'Content-Range': range },
    body: answer.stream,
    problem: problemOf(answer.statusCode),
  }
}

/**
 * A file from anywhere may hold HTML: it is saved and never shown, as the type that was signed, and by
 * no cache that others share.
 */
function fileHeaders(name: {
  readonly fileName: string
  readonly contentType: string
}): Record<string, string> {
  return {
    'Content-Type': name.contentType,
    'Content-Disposition': attachment(name.fileName),
    'Cache-Control': 'private',
  }
}

function problemOf(status: number): ProblemCode {
  if (status === 412) return 'precondition-failed'
  if (status === 416) return 'range-not-satisfiable'
  return status === 404 ? 'file-gone' : 'server-fault'
}

/** The library's types say text, and its lengths are numbers. */
function stringified(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}
