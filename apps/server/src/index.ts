/** The control plane: takes requests, has them run by runner processes, answers. It never loads a connector. */
export { type Server, type ServerOptions, startServer } from './start-server.ts'
export { backUpServer, restoreServer } from './copy-repository.ts'
