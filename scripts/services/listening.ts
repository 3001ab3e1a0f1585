/** Where a process can be reached, as Linux tells it in `/proc`. */
import { readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { namesIn } from './find-executable.ts'

/** State of a socket that waits for connections. */
const listen = '0A'

/**
 * The addresses that a process listens on, but for those of the loopback interface: `0.0.0.0` is every one that the
 * machine has. None where the system does not tell.
 */
export function addressesBeyondLoopback(pid: number): readonly string[] {
  const folder = `/proc/${pid}`
  const sockets = new Set(namesIn(join(folder, 'fd')).map((fd) => linkOf(join(folder, 'fd', fd))))
  const found = new Set<string>()
  for (const table of ['tcp', 'tcp6']) {
    for (const line of linesOf(join(folder, 'net', table)).slice(1)) {
      const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/)
      if (state !== listen || !sockets.has(`socket:[${inode}]`)) continue
      const address = addressOf(local.split(':')[0] ?? '')
      if (!/^127\.|^::1$/.test(address)) found.add(address)
    }
  }
  return [...found]
}

/** From words of four bytes in hexadecimal digits, each with its lowest byte first. */
function addressOf(digits: string): string {
  const bytes = (digits.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, 'hex').reverse()])
  const isMapped = bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255
  if (bytes.length === 4 || isMapped) return bytes.slice(-4).join('.')
  if (bytes.every((byte) => byte === 0)) return '::'
  if (bytes.slice(0, -1).every((byte) => byte === 0)) return `::${bytes.at(-1)}`
  return Buffer.from(bytes).toString('hex')
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return '' // closed meanwhile, or another user's
  }
}

function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').trim().split('\n')
  } catch {
    return []
  }
}
