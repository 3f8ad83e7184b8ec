import { describe } from 'vitest'
import { severalNodes } from '../support/several-nodes.js'
import { startGalera } from '../support/servers/galera.js'

/** LOCK TABLES on one of the nodes stops the whole cluster until that node is killed. */
describe('galera', () => {
  severalNodes({
    engine: 'mariadb',
    name: 'Galera',
    causal: 'SET SESSION wsrep_sync_wait = 15',
    ordersDdl: true,
    async start() {
      const started = await startGalera()
      if (!started) throw new Error('this machine has no MariaDB, or no rsync')
      return started
    },
  })
})
