import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FINDING_CODES } from '../../src/doctor/index.js'
import { PAGES } from '../errors/pages.js'
import { brokenShop } from '../support/broken-shop.js'
import { sessionsOf, type } from '../support/console.js'
import { engines } from '../support/databases.js'
import { djangos } from '../support/django.js'
import { root } from '../support/root.js'

const pageOf = (code: string) => readFileSync(join(root, `docs/errors/${code}.md`), 'utf8')
const squeezed = (text: string) => text.replaceAll(/\s+/g, ' ')

describe('docs/errors', () => {
  it('has a page for each finding, and no other', () => {
    expect(PAGES.map(({ code }) => code).sort()).toEqual([...FINDING_CODES].sort())
  })
  it('says of each either the error or what one sees in its place', () => {
    expect(PAGES.filter(({ says, silent }) => (says.length === 0) !== (silent !== undefined))).toEqual([])
  })
  it('has a reproduction of all but a server that no test has', () => {
    expect(PAGES.filter(({ breaks }) => breaks === null).map(({ code }) => code)).toEqual(['engine-unsupported'])
  })
})

/** Each page is typed as it stands: the state comes about, its error is the one of the page and leads to the finding, and it goes away. */
describe.runIf(Object.keys(djangos).length > 0)('a page of docs/errors', () => {
  const runnable = PAGES.filter(({ breaks, engine = 'sqlite' }) => breaks !== null && engines.includes(engine))
  it.each(runnable)('$code', async ({ code, engine, says }) => {
    const given = await brokenShop(engine)
    const reader = `reader_${randomBytes(4).toString('hex')}`
    const url = new URL(given.database.url)
    const names = new Map([
      ['@localhost/shop', `@${url.host}${url.pathname}`],
      ['DATABASE shop', `DATABASE ${url.pathname.slice(1)}`],
      ['reader', reader],
    ])
    try {
      const [breaks, mends] = sessionsOf(pageOf(code)) as [string, string]
      const codes = async () => (await given.doctor()).map((one) => one.code)
      expect(await codes()).toEqual([])
      const output = squeezed(await type(breaks, given, names))
      expect(await codes()).toContain(code)
      // Django's class of the error may stand in another module, and what follows depends on the server.
      const lines = says
        .flatMap((text) => text.split('\n'))
        .map((line) =>
          squeezed(line)
            .replace(/^[\w.]+: /, '')
            .slice(0, 60),
        )
      if (says.length > 0)
        expect(
          lines.some((line) => output.includes(line)),
          output,
        ).toBe(true)
      for (const text of says) {
        const explained = await given.doctor('--explain', text)
        expect(
          explained.map((one) => one.code),
          text,
        ).toContain(code)
      }
      await type(mends, given, names)
      expect(await codes()).not.toContain(code)
    } finally {
      await given.end()
    }
  })
})
