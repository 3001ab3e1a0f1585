import { join } from 'node:path'
import {
  type ApplicationManifest,
  type ReplyDestination,
  secretVariable,
  type Trigger,
} from '@bulkhead/contract'

export interface StubSurroundings {
  /** Absolute; folders of triggers and replies are made in it. */
  readonly folder: string
  /** Names of the clusters that were given. */
  readonly clusters: ReadonlySet<string>
  /** Addresses that were given, by the name of the destination. */
  readonly webhooks: ReadonlyMap<string, string>
  readonly variables: Readonly<Record<string, string | undefined>>
}

export interface StubManifest {
  readonly manifest: ApplicationManifest
  /** Folders that have to be there. */
  readonly folders: readonly string[]
  /** What differs from the real application, as sentences. */
  readonly notices: readonly string[]
}

/**
 * The manifest of a stand-in: it may reach nothing, and asks and answers only where its user said so. What those who ask rely
 * on, jobs with parameters, output and limits, stays as it is.
 */
export function stubManifest(
  manifest: ApplicationManifest,
  { folder, clusters, webhooks, variables }: StubSurroundings,
): StubManifest {
  const { metadata, spec } = manifest
  const notices: string[] = []
  const folders: string[] = []

  const ownFolder = (kind: 'trigger' | 'reply', name: string): string => {
    const path = join(folder, kind === 'trigger' ? 'inbox' : 'replies', name)
    folders.push(path)
    notices.push(`The folder of the ${kind} "${name}" is ${path}`)
    return path
  }
  const hasCluster = (kind: 'trigger' | 'reply', name: string, cluster: string): boolean => {
    if (clusters.has(cluster)) return true
    notices.push(
      `The ${kind} "${name}" is left out: give its cluster by --kafka ${cluster}=HOST:PORT to have it`,
    )
    return false
  }

  function triggerOf(name: string, trigger: Trigger): Trigger | undefined {
    if ('kafka' in trigger) return hasCluster('trigger', name, trigger.kafka.cluster) ? trigger : undefined
    if ('folder' in trigger) return { folder: { ...trigger.folder, path: ownFolder('trigger', name) } }
    notices.push(`The trigger "${name}" is left out: a stub runs what it is asked for, and nothing by itself`)
    return undefined
  }

  function replyOf(name: string, reply: ReplyDestination): ReplyDestination | undefined {
    if ('kafka' in reply) return hasCluster('reply', name, reply.kafka.cluster) ? reply : undefined
    if ('file' in reply) return { ...reply, file: { folder: ownFolder('reply', name) } }
    const url = webhooks.get(name)
    if (url === undefined) {
      notices.push(`The reply "${name}" is left out: give an address by --webhook ${name}=URL to have it`)
      return undefined
    }
    const { secret } = reply.webhook
    const variable = secret && secretVariable(metadata.name, secret.secret)
    if (variable === undefined || variables[variable] !== undefined)
      return { ...reply, webhook: { ...reply.webhook, url } }
    notices.push(`The reply "${name}" is not signed: set ${variable} to have it signed`)
    return { ...reply, webhook: { url } }
  }

  return {
    manifest: {
      ...manifest,
      spec: {
        ...spec,
        triggers: kept(spec.triggers, triggerOf),
        replies: kept(spec.replies, replyOf),
        policy: { ...spec.policy, network: { allow: [] } },
      },
    },
    folders,
    notices,
  }
}

function kept<T>(
  all: Readonly<Record<string, T>>,
  change: (name: string, one: T) => T | undefined,
): Record<string, T> {
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, one]) => {
      const changed = change(name, one)
      return changed === undefined ? [] : [[name, changed]]
    }),
  )
}
