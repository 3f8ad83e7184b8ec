import { readdirSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { engines, freshDatabase } from '../support/databases.js'
import { createHistoryTable } from '../support/history-table.js'

describe.runIf(engines.includes('sqlite'))('sqlite', () => {
  it('the lock file is the only one beside the database, and its owner alone may read it', async () => {
    const database = await freshDatabase('sqlite')
    await createHistoryTable(database)
    const marked = await migstate(['mark', 'applied', 'shop', '0001_initial', '--no-files', '--yes', '--json', '--url', database.url])
    expect(marked.exitCode, marked.stdout).toBe(0)
    const file = database.file as string
    expect(readdirSync(dirname(file)).sort()).toEqual([basename(file), `${basename(file)}-migstate-lock`])
    expect(statSync(`${file}-migstate-lock`).mode & 0o777).toBe(0o600)
  })
})
