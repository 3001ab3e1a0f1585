/** Where the values of columns stand below the element of a record. */
export interface ValueNode {
  /** Name as the query writes it. */
  readonly name: string
  readonly children: ValueNode[]
  readonly attributes: { readonly name: string; readonly column: number }[]
  /** Column that takes the text of this element; -1: none. */
  text: number
  /** Column that takes all of this element as JSON; -1: none. */
  json: number
}

export interface ValuePath {
  /** `customer/name`, `@id`, `customer/@id`, `.` */
  readonly path: string
  readonly isJson: boolean
}

/** @returns the tree, or the index of a column that asks for what another one takes */
export function valueTree(paths: readonly ValuePath[]): ValueNode | number {
  const root = newNode('')
  for (const [column, { path, isJson }] of paths.entries()) {
    let node = root
    let isTaken = false
    for (const part of path === '.' ? [] : path.split('/')) {
      if (part.startsWith('@')) {
        isTaken = node.attributes.some(({ name }) => name === part.slice(1))
        node.attributes.push({ name: part.slice(1), column })
        node = newNode('')
        break
      }
      let child = node.children.find(({ name }) => name === part)
      if (child === undefined) {
        child = newNode(part)
        node.children.push(child)
      }
      node = child
    }
    if (isTaken || node.text >= 0 || node.json >= 0) return column
    if (path.includes('@')) continue
    if (isJson) node.json = column
    else node.text = column
  }
  return shadowed(root) ?? root
}

/** A column below an element that another column takes as a whole. */
function shadowed(node: ValueNode): number | undefined {
  const below = [...node.attributes.map(({ column }) => column), ...node.children.flatMap(columnsOf)]
  if (node.json >= 0 && below[0] !== undefined) return below[0]
  for (const child of node.children) {
    const found = shadowed(child)
    if (found !== undefined) return found
  }
  return undefined
}

function columnsOf(node: ValueNode): number[] {
  const own = [node.text, node.json].filter((column) => column >= 0)
  return [...own, ...node.attributes.map(({ column }) => column), ...node.children.flatMap(columnsOf)]
}

function newNode(name: string): ValueNode {
  return { name, children: [], attributes: [], text: -1, json: -1 }
}

/** Whether a name of the query means a name of the file: without a colon, the prefix does not count. */
export function isNamed(wanted: string, name: string): boolean {
  if (wanted === name || wanted === '*') return true
  return !wanted.includes(':') && name.endsWith(`:${wanted}`) && name.length > wanted.length
}
