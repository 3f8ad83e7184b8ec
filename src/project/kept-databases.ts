import { isAbsolute, resolve } from 'node:path'
import { lookUp } from '../python/evaluate/keys.js'
import { exhaustion, Pool, spending } from '../python/budget.js'
import type { DjangoSettings } from './settings.js'

/**
 * Whether a database is one that tests use again (`--keepdb`, `--reuse-db`): by the rules of Django, which names it `TEST["NAME"]`, else `test_`
 * and NAME (django/db/backends/base/creation.py), and a copy for each worker with `_1` or, with pytest-xdist, `_gw0`. Where NAME cannot be read
 * nothing is claimed: a database of any name may be a real one.
 */
export function isTestDatabase(settings: DjangoSettings, alias: string, name: string, folder: string): boolean {
  const [own, test] = namesOf(settings, alias)
  if (own === null || isSame(name, own, folder)) return false
  const wanted = test === null || test === '' ? (own === '' || /[/\\]/.test(own) ? null : `test_${own}`) : test
  if (wanted === null) return false
  const [stem, ending] = split(wanted)
  const [given, givenEnding] = split(name)
  const suffix = /_(?:gw)?\d+$/.exec(given)?.[0] ?? ''
  const isCopy = suffix !== '' && isSame(given.slice(0, -suffix.length) + givenEnding, stem + ending, folder)
  return isSame(name, wanted, folder) || isCopy
}

/** A file of SQLite keeps its ending behind the number of its worker. */
function split(name: string): [stem: string, ending: string] {
  const ending = /[/\\]/.test(name) || /\.(?:sqlite3?|db)$/i.test(name) ? (/\.\w+$/.exec(name)?.[0] ?? '') : ''
  return [name.slice(0, name.length - ending.length), ending]
}

function isSame(left: string, right: string, folder: string): boolean {
  if (left === right) return true
  return (isAbsolute(left) || isAbsolute(right)) && resolve(folder, left) === resolve(folder, right)
}

/** NAME and TEST["NAME"]; null where one cannot be read, of the second also where there is none. */
function namesOf(settings: DjangoSettings, alias: string): [own: string | null, test: string | null] {
  try {
    return spending(new Pool(), 0, () => {
      const databases = settings.get('DATABASES')
      const written = databases?.kind === 'dict' ? lookUp(databases, alias) : undefined
      const entry = written && settings.resolve(written)
      if (entry?.kind !== 'dict') return [null, null]
      const text = (dict: typeof entry, key: string): string | null => {
        const stored = lookUp(dict, key)
        const value = stored && settings.resolve(stored)
        return value?.kind === 'string' || value?.kind === 'path' ? value.value : null
      }
      const stored = lookUp(entry, 'TEST')
      const test = stored && settings.resolve(stored)
      // What it is called there is not known, so nothing is.
      if (test && test.kind !== 'dict' && test.kind !== 'none') return [null, null]
      return [text(entry, 'NAME'), test?.kind === 'dict' ? text(test, 'NAME') : null]
    })
  } catch (error) {
    if (exhaustion(error) === null) throw error
    return [null, null]
  }
}
