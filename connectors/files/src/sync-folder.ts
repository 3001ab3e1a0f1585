import type { Disk } from './disk.ts'

interface Syncing {
  underWay: Promise<void>
  next: Promise<void> | undefined
  waiting: number
}

/** Folders that are being synced, by their paths. */
const syncing = new Map<string, Syncing>()

/**
 * Has the names in a folder on the disk. Several who ask at once share a sync that begins after they asked, so that
 * each of them finds in it what was there before.
 */
export async function syncFolder(disk: Disk, folder: string): Promise<void> {
  const state = syncing.get(folder) ?? { underWay: Promise.resolve(), next: undefined, waiting: 0 }
  syncing.set(folder, state)
  state.waiting++
  state.next ??= state.underWay.then(() => {
    state.next = undefined
    const begun = syncNow(disk, folder)
    // who waits for the next one waits for its end, not for its success
    state.underWay = begun.catch(() => undefined)
    return begun
  })
  try {
    await state.next
  } finally {
    if (--state.waiting === 0) syncing.delete(folder)
  }
}

async function syncNow(disk: Disk, folder: string): Promise<void> {
  const handle = await disk.open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
