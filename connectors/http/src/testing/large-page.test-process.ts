/** A server of one endless page, in a process of its own: sends its port to its parent. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const records = Number(process.argv[2])
const filler = 'x'.repeat(1000)

const server = createServer((_, response) => {
  void (async () => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write('{"data":[')
    for (let id = 0; id < records; id += 100) {
      const items = Array.from({ length: 100 }, (__, index) => `{"id":${id + index},"filler":"${filler}"}`)
      if (!response.write((id === 0 ? '' : ',') + items.join(','))) await once(response, 'drain')
    }
    response.end(']}')
  })()
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit())
