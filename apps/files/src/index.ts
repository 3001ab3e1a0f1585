/** Serves the signed links of local stores. */
export { type FileServer, type FileServerOptions, startFileServer } from './file-server.ts'
