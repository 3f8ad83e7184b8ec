import { appOf, nameOf, pairOf } from '../../migrations/index.js'
import { type Facts, hasOwnId, namePairsIn, placeOf } from '../facts.js'
import type { Found } from '../finding.js'
import { mendRows, nameOfKey } from '../words.js'

/** A row whose name is that of a file but for blanks, case, letters in another form, or `.py`. */
export function damagedNames(facts: Facts): Found[] {
  return namePairsIn(facts)
    .filter(({ damaged }) => damaged)
    .map(({ row, key }): Found => {
      const [app, name] = [appOf(key), nameOf(key)]
      return {
        code: 'damaged-name',
        severity: 'error',
        app,
        migration: name,
        message: `The row ${quoted(row.app)}.${quoted(row.name)} is that of ${app}.${name}, with a damaged name. To Django they are two migrations: the file counts as not applied.`,
        evidence: [`id ${row.id}, applied ${row.applied}`, `differs in ${difference(row, app, name)}`],
        repairs: hasOwnId(facts, row)
          ? [mendRows({ do: 'rewrite', rows: [{ id: row.id, app, name }] }, 'mends the name; the id and the time stay', { recommended: true, safe: true })]
          : [],
        about: [nameOfKey(key), `${row.app}.${row.name}`],
        explains: [key, `${row.app}\0${row.name}`],
        place: placeOf(facts, key),
      }
    })
}

const quoted = (text: string) => (/^[\w.-]+$/.test(text) ? text : JSON.stringify(text))

function difference(row: { app: string; name: string }, app: string, name: string): string {
  const [was, is] = [`${row.app}.${row.name}`, pairOf(`${app}\0${name}`).join('.')]
  if (was.normalize('NFC') === is.normalize('NFC')) return 'the form of its letters (NFC, NFD)'
  const parts = [
    /\s|[\u200b-\u200d\ufeff]/.test(was) ? 'blanks' : null,
    /\.pyc?\s*$/i.test(row.name) ? 'the ending of a file' : null,
    was.toLowerCase() !== was && is.toLowerCase() === is ? 'upper and lower case' : null,
  ].filter((one) => one !== null)
  return parts.join(', ') || 'upper and lower case, or letters that look alike'
}
