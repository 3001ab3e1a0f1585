/** Says that a server cannot be had on this machine; its tests are then skipped with this reason. */
export class MissingTool extends Error {
  override readonly name = 'MissingTool'
}
