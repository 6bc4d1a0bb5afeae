/** Writes until the file may not grow any more; told by failure.test.ts, which limits the size of files. */
import { randomBytes } from 'node:crypto'
import { createStore } from '../../gateway/store/store.ts'

const store = createStore({ directory: process.argv[2]!, commitWindowMs: 0 }, {
  onFatal(error) {
    process.stdout.write(`fatal ${(error as { code?: string }).code} writable=${store.health().writable}\n`)
    process.exit(70)
  },
})
await store.start()
function step(): void {
  store.put('s', 'k', randomBytes(30_000))
  store.onDisk((error) => {
    process.stdout.write(error === null ? 'stored\n' : `refused ${(error as { code?: string }).code}\n`)
    if (error === null) step()
  })
}
step()
