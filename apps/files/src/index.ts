/** Serves the signed links of local stores. */
export { type FileServer, type FileServerOptions, startFileServer } from './file-server.ts'
export { stateFolder } from '@bulkhead/engine/links/state-folder'
