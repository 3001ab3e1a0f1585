/** What ends a request besides the errors of Node.js. They never leave the connector. */

export class ConnectTimeout extends Error {}
export class RequestTimeout extends Error {}

/** The server ended the connection before the answer was whole. */
export class ConnectionClosed extends Error {}

/** What came is no answer of HTTP/1.1. */
export class NotHttp extends Error {}

/** The answer is, or gets, larger than the request allows. */
export class AnswerTooLarge extends Error {
  /** What is known of its size. */
  readonly bytes: number

  constructor(bytes: number) {
    super('The answer is too large')
    this.bytes = bytes
  }
}
