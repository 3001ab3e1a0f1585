/** What a source file refers to: modules in every form that TypeScript has, and what is impure. */
import { parseSync, type Span, Visitor } from 'oxc-parser'

export interface Import {
  /** Undefined when it is computed at run time. */
  readonly specifier: string | undefined
  /** `type`: gone when it runs; `lazy`: an `import()`; `static`: everything else, `require` too. */
  readonly kind: 'static' | 'type' | 'lazy'
  readonly line: number
}

export interface Impurity {
  /** As it is written: `Date.now`, `new Date()`, `setTimeout`. */
  readonly what: string
  readonly line: number
}

export interface FileReferences {
  readonly imports: readonly Import[]
  readonly impurities: readonly Impurity[]
  /** Globals that only Node has, as values or as types: `Buffer`, `NodeJS`, `process`. */
  readonly nodeGlobals: readonly Impurity[]
}

const impureMembers = new Set([
  'Date.now',
  'performance.now',
  'performance.timeOrigin',
  'Math.random',
  'Temporal.Now',
  'crypto.randomUUID',
  'crypto.getRandomValues',
  ...[
    'argv',
    'cpuUsage',
    'cwd',
    'emitWarning',
    'env',
    'exit',
    'hrtime',
    'kill',
    'memoryUsage',
    'nextTick',
    'on',
    'once',
  ].map((name) => `process.${name}`),
  ...['pid', 'platform', 'resourceUsage', 'stderr', 'stdin', 'stdout', 'uptime', 'version', 'versions'].map(
    (name) => `process.${name}`,
  ),
])
const impureCalls = new Set([
  'Date',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'fetch',
  'WebSocket',
  'randomUUID',
  'randomBytes',
  'randomInt',
  'getRandomValues',
])
const impureObjects = new Set(['globalThis', 'console'])
const nodeOnly = new Set(['Buffer', 'NodeJS', 'global', '__dirname', '__filename', 'setImmediate'])

/** @throws Error when the file cannot be parsed: an unread file would pass every rule */
export function readReferences(path: string, text: string): FileReferences {
  const { program, errors } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`${path} cannot be parsed: ${errors[0]?.message}`)
  const imports: Import[] = []
  const impurities: Impurity[] = []
  const nodeGlobals: Impurity[] = []
  const lineOf = ({ start }: Span): number => text.slice(0, start).split('\n').length
  const refer = (node: Span, specifier: string | undefined, kind: Import['kind']): void => {
    imports.push({ specifier, kind, line: lineOf(node) })
  }
  const impure = (node: Span, what: string): void => {
    impurities.push({ what, line: lineOf(node) })
  }

  new Visitor({
    ImportDeclaration(node) {
      const types = node.specifiers.map(
        (specifier) => specifier.type === 'ImportSpecifier' && specifier.importKind === 'type',
      )
      const erased = node.importKind === 'type' || (types.length > 0 && types.every(Boolean))
      refer(node, node.source.value, erased ? 'type' : 'static')
    },
    ExportNamedDeclaration(node) {
      if (node.source === null) return
      const types = node.specifiers.map((specifier) => specifier.exportKind === 'type')
      const erased = node.exportKind === 'type' || (types.length > 0 && types.every(Boolean))
      refer(node, node.source.value, erased ? 'type' : 'static')
    },
    ExportAllDeclaration(node) {
      refer(node, node.source.value, node.exportKind === 'type' ? 'type' : 'static')
    },
    TSImportType(node) {
      refer(node, node.source.value, 'type')
    },
    TSImportEqualsDeclaration(node) {
      if (node.moduleReference.type === 'TSExternalModuleReference') {
        refer(node, node.moduleReference.expression.value, 'static')
      }
    },
    ImportExpression(node) {
      refer(node, literal(node.source), 'lazy')
    },
    CallExpression(node) {
      const callee = nameOf(node.callee)
      if (callee === 'require') refer(node, literal(node.arguments[0]), 'static')
      // finds the file and loads nothing
      if (callee === 'require.resolve' || callee === 'import.meta.resolve')
        refer(node, literal(node.arguments[0]), 'lazy')
      if (callee !== undefined && impureCalls.has(callee)) impure(node, callee)
    },
    NewExpression(node) {
      const callee = nameOf(node.callee)
      if (callee === 'Date' && node.arguments.length === 0) impure(node, 'new Date()')
      else if (callee !== undefined && callee !== 'Date' && impureCalls.has(callee))
        impure(node, `new ${callee}`)
    },
    Identifier(node) {
      if (nodeOnly.has(node.name)) nodeGlobals.push({ what: node.name, line: lineOf(node) })
    },
    MemberExpression(node) {
      const name = nameOf(node)
      if (name === undefined) return
      const [object = ''] = name.split('.')
      if (impureMembers.has(name) || impureObjects.has(object)) impure(node, name)
    },
  }).visit(program)
  return { imports, impurities, nodeGlobals }
}

interface Node {
  readonly type: string
}

/** The text of a literal, or of a template without holes. */
function literal(node: Node | undefined): string | undefined {
  if (node?.type === 'Literal') {
    const { value } = node as unknown as { value: unknown }
    return typeof value === 'string' ? value : undefined
  }
  if (node?.type === 'TemplateLiteral') {
    const { quasis } = node as unknown as { quasis: { value: { cooked: string } }[] }
    return quasis.length === 1 ? quasis[0]?.value.cooked : undefined
  }
  return undefined
}

/** `a`, `a.b`, `a['b']`, `import.meta.b`; undefined for anything else. */
function nameOf(node: Node): string | undefined {
  switch (node.type) {
    case 'Identifier':
      return (node as unknown as { name: string }).name
    case 'MetaProperty':
      return 'import.meta'
    case 'ChainExpression':
      return nameOf((node as unknown as { expression: Node }).expression)
    case 'MemberExpression': {
      const { object, property, computed } = node as unknown as {
        object: Node
        property: Node
        computed: boolean
      }
      const left = nameOf(object)
      const right = computed ? literal(property) : nameOf(property)
      return left === undefined || right === undefined ? undefined : `${left}.${right}`
    }
    default:
      return undefined
  }
}
