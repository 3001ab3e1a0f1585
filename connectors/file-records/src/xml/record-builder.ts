import { isNamed, type ValueNode } from './value-tree.ts'

/** An element as JSON: attributes with `@`, text as `#text`, child elements as lists, however often they stand. */
interface JsonElement {
  readonly attributes: Map<string, string>
  readonly children: Map<string, unknown[]>
  text: string
}

/** Something in a record that its columns cannot take. */
export class UnfitContent extends Error {
  /** The column, or -1 when no column takes it. */
  readonly column: number

  constructor(message: string, column: number) {
    super(message)
    this.name = 'UnfitContent'
    this.column = column
  }
}

/** Gathers the values of one record after the other, element by element. */
export class RecordBuilder {
  readonly #root: ValueNode
  readonly #refusesOthers: boolean
  /** Elements that are open, from the record itself on; undefined: nothing of it is wanted. */
  readonly #open: { readonly node: ValueNode | undefined; text: string }[] = []
  /** Elements that are open below one that is taken as JSON, that one first. */
  readonly #json: { readonly name: string; readonly element: JsonElement }[] = []
  #values: (string | undefined)[] = []
  #lists: (unknown[] | undefined)[] = []

  constructor(root: ValueNode, refusesOthers: boolean) {
    this.#root = root
    this.#refusesOthers = refusesOthers
  }

  /** Elements that are open: 0 outside of a record. */
  get depth(): number {
    return this.#open.length + this.#json.length
  }

  openElement(name: string): void {
    if (this.#json.length > 0) {
      this.#json.push({ name, element: newElement() })
      return
    }
    const parent = this.#open.at(-1)
    if (parent === undefined) {
      this.#values = []
      this.#lists = []
    }
    const node =
      parent === undefined ? this.#root : parent.node?.children.find((child) => isNamed(child.name, name))
    if (node === undefined && parent?.node !== undefined) {
      if (parent.node.text >= 0)
        throw new UnfitContent('has elements within: type json takes them', parent.node.text)
      if (this.#refusesOthers) throw new UnfitContent(`element ${name}`, -1)
    }
    if (node !== undefined && node.json >= 0) this.#json.push({ name, element: newElement() })
    else if (node !== undefined && node.text >= 0 && this.#values[node.text] !== undefined)
      throw new UnfitContent('stands more than once: type json takes all of them', node.text)
    this.#open.push({ node, text: '' })
  }

  attribute(name: string, value: string): void {
    const json = this.#json.at(-1)
    if (json !== undefined) {
      json.element.attributes.set(name, value)
      return
    }
    const node = this.#open.at(-1)?.node
    const wanted = node?.attributes.find((attribute) => isNamed(attribute.name, name))
    if (wanted !== undefined) {
      if (this.#values[wanted.column] !== undefined)
        throw new UnfitContent('stands more than once', wanted.column)
      this.#values[wanted.column] = value
    } else if (node !== undefined && this.#refusesOthers && !/^(xmlns|xmlns:.*|xml:.*|xsi:.*)$/.test(name))
      throw new UnfitContent(`attribute ${name}`, -1)
  }

  text(text: string): void {
    const json = this.#json.at(-1)
    if (json !== undefined) {
      json.element.text += text
      return
    }
    const open = this.#open.at(-1)
    if (open?.node === undefined) return
    if (open.node.text >= 0) open.text += text
    else if (this.#refusesOthers && text.trim() !== '') throw new UnfitContent('text between elements', -1)
  }

  /** @returns the values by column when this was the end of the record: texts, undefined for what is not there */
  closeElement(): readonly (string | undefined)[] | undefined {
    const json = this.#json.pop()
    if (json !== undefined && this.#json.length > 0) {
      const { children } = this.#json.at(-1)!.element
      const list = children.get(json.name)
      if (list === undefined) children.set(json.name, [jsonOf(json.element)])
      else list.push(jsonOf(json.element))
      return undefined
    }
    const closed = this.#open.pop()
    const node = closed?.node
    if (json !== undefined && node !== undefined) (this.#lists[node.json] ??= []).push(jsonOf(json.element))
    else if (closed !== undefined && node !== undefined && node.text >= 0)
      this.#values[node.text] = closed.text
    if (this.#open.length > 0) return undefined
    for (const [column, list] of this.#lists.entries())
      if (list !== undefined) this.#values[column] = JSON.stringify(list)
    return this.#values
  }
}

function newElement(): JsonElement {
  return { attributes: new Map(), children: new Map(), text: '' }
}

function jsonOf({ attributes, children, text }: JsonElement): unknown {
  if (attributes.size === 0 && children.size === 0) return text
  return {
    ...Object.fromEntries([...attributes].map(([name, value]) => [`@${name}`, value])),
    ...Object.fromEntries(children),
    ...(text.trim() === '' ? {} : { '#text': text }),
  }
}
