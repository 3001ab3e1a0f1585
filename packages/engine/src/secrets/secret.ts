import { inspect } from 'node:util'

const shown = '[secret]'

/**
 * A value that cannot be printed (I6): text, JSON, templates, the console and the debugger's preview
 * of it all read `[secret]`. Only `reveal` gives the value, so a search for that word finds every
 * place where one leaves its wrapping.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The value. Give it to the one who needs it, and keep it in no variable that lives on. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return shown
  }

  toJSON(): string {
    return shown
  }

  [Symbol.toPrimitive](): string {
    return shown
  }

  [inspect.custom](): string {
    return shown
  }
}
