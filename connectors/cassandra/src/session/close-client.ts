import type { Client } from 'cassandra-driver'
import Connection from 'cassandra-driver/lib/connection.js'

/**
 * Ends a client with all that it opened. The client forgets some: a connection to watch the cluster that it opened
 * after a failure, the pool of a node that it found anew, an attempt that is under way. So every connection is
 * noted when it is opened.
 */

/** How long a client may take to end by itself. */
const closeMs = 2000

/** By the options of their client. */
const opened = new WeakMap<object, Set<Connection>>()
const ended = new WeakSet<object>()

// oxlint-disable-next-line typescript/unbound-method -- it is called with the connection it belongs to
const open = Connection.prototype.open
Connection.prototype.open = function noteAndOpen(this: Connection, done): void {
  // An attempt of a client that has ended is never answered: an error would make it try again.
  if (ended.has(this.options)) return
  const connections = opened.get(this.options) ?? new Set()
  opened.set(this.options, connections.add(this))
  open.call(this, (error) => {
    if (!ended.has(this.options)) done(error)
  })
  this.netClient?.once('close', () => {
    connections.delete(this)
    // A node that hangs up before it said hello would be waited for until the timeout of a page.
    if (!this.connected) this.clearAndInvokePending()
  })
}

/** Notes from now on what the client opens. @returns what ends all of it */
export function closerOf(client: Client): () => Promise<void> {
  const { options } = client as unknown as { readonly options: object }
  const nodes = new Set<NodeInside>()
  client.hosts.on('add', (node: NodeInside) => nodes.add(node))
  return async () => {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, closeMs)
    })
    await Promise.race([client.shutdown().catch(() => undefined), late])
    clearTimeout(timer)
    ended.add(options)
    // Those that the client found anew have a timer each, which would keep the process.
    for (const node of nodes) void node.shutdown(false).catch(() => undefined)
    for (const connection of opened.get(options) ?? []) {
      connection.close(() => undefined)
      connection.netClient?.destroy()
    }
  }
}

/** What the types of the client do not show of a node. */
interface NodeInside {
  shutdown(waitForPending: boolean): Promise<void>
}
