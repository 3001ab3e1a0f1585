/** A server of our own that speaks MongoDB's protocol: mongo-java-server, all in memory, loopback only. */
import { MongoClient } from 'mongodb'
import { classPath, isMeasured, javaOptions, requireJava } from './java.ts'
import { freePort, type RestartableServer, startServer } from './server-process.ts'
import type { StartedServer } from './server.ts'

const title = 'the server of the MongoDB protocol'
const version = '1.47.0'

/** Starts a server that needs nothing of its folder but a place for temporary files. */
export async function startMongodb(
  folder: string,
  signal: AbortSignal,
): Promise<StartedServer & RestartableServer> {
  const java = await requireJava(title, { from: 17 })
  const artifacts = [`de.bwaldvogel:mongo-java-server:${version}`] as const
  const path = await classPath({ title, artifacts, launcher: 'MongoLauncher' }, java, signal)
  const port = await freePort()
  const value = `mongodb://127.0.0.1:${port}`
  const server = await startServer(
    {
      command: java.program,
      args: [
        // a benchmark fills it with a million documents
        ...javaOptions(isMeasured() ? 4096 : 768, folder),
        // its order of keys of mixed types contradicts itself at times, which the newer sort takes for an error
        '-Djava.util.Arrays.useLegacyMergeSort=true',
        '-cp',
        path,
        'MongoLauncher',
        String(port),
      ],
      stopSignal: 'SIGKILL', // it has nothing to save
      startMs: 60_000,
      cwd: folder,
      probe: async () => {
        const client = new MongoClient(value, { serverSelectionTimeoutMS: 1_000 })
        try {
          await client.db('admin').command({ ping: 1 })
        } finally {
          await client.close()
        }
      },
    },
    signal,
  )
  return { ...server, value, version: `mongo-java-server ${version} on Java ${java.major}` }
}
