import type { Found, FindingCode } from './finding.js'

interface Kind {
  text: RegExp
  codes: readonly FindingCode[]
  /** Its text names nothing: then every finding of these codes may be the cause. */
  nameless?: boolean
}

/** What stands on rows that are not, or not believed, or under another name. */
const NOT_COUNTED = ['damaged-name', 'renamed', 'squash-partial', 'squash-not-believed', 'squash-unrecorded', 'unfinished-operation'] as const

/** Kinds of errors by their texts, in Django's words or a database's, and the findings that they come of. Names are taken from the whole text. */
const KINDS: readonly Kind[] = [
  { text: /InconsistentMigrationHistory|is applied before its dependency/, codes: ['hole', 'partially-applied', ...NOT_COUNTED] },
  {
    text: /NodeNotFoundError|nonexistent (parent|child )?node|depends on nonexistent/,
    codes: ['missing-parent', 'squash-partial', 'damaged-name', 'unreadable-file'],
  },
  { text: /Conflicting migrations detected|multiple leaf nodes/, codes: ['conflict', 'missing-parent', 'not-shipped'] },
  { text: /CircularDependencyError|Cyclical squash/, codes: ['circular'] },
  {
    text: /already exists|Duplicate column name|duplicate column name|\b(1050|1060|1061)\b|ProgrammingError.*Duplicate|DuplicateTable|DuplicateColumn/i,
    codes: ['present-unrecorded', 'partially-applied', 'hole', 'table-missing', ...NOT_COUNTED],
  },
  {
    text: /does not exist|no such (table|column)|doesn't exist|Unknown (table|column)|\b(1054|1091|1146)\b|UndefinedTable|UndefinedColumn/i,
    codes: ['recorded-missing', 'history-remade', 'name-reused', 'faked-burst', 'table-missing', 'partially-applied', 'hole'],
  },
  { text: /No migrations to apply/, codes: ['recorded-missing', 'history-remade', 'name-reused', 'faked-burst'], nameless: true },
  { text: /duplicate key|Duplicate entry|UNIQUE constraint failed|_pkey/i, codes: ['sequence-behind', 'duplicate'] },
  { text: /MultipleObjectsReturned|returned more than one Migration/, codes: ['duplicate'], nameless: true },
  { text: /null value in column "?id"?|NOT NULL constraint failed: \w+\.id\b|Field 'id' doesn't have a default/i, codes: ['id-default-missing'] },
  { text: /null value in column|NOT NULL constraint failed|doesn't have a default value|\b(1048|1364)\b/i, codes: ['schema-drift', 'extra-columns'] },
  { text: /utcoffset|strftime|must be in \d|is out of range|parse_datetime|Couldn't parse/, codes: ['malformed-applied'], nameless: true },
  { text: /BadMigrationError|has no Migration class|ImportError|ModuleNotFoundError|SyntaxError|stale \.pyc/, codes: ['unreadable-file', 'unknown-app'] },
  {
    text: /lazy reference|declared with a lazy|Related model .* cannot be resolved/,
    codes: ['state-breaks', 'squash-not-believed', 'hole', 'missing-parent', 'squash-partial'],
  },
  { text: /FieldDoesNotExist|has no field named|KeyError/, codes: ['state-breaks', 'squash-partial'] },
  { text: /unknown app|No installed app with label|Dependency on app with no migrations/, codes: ['unreadable-file', 'missing-parent', 'unknown-app'] },
  { text: /Unable to create the django_migrations table/, codes: ['table-missing', 'table-ambiguous', 'missing-rights'], nameless: true },
  { text: /finish recording/, codes: ['squash-unrecorded'] },
  { text: /read-only transaction|readonly database|--read-only|super-read-only|\b(1290|1792|1836)\b/i, codes: ['read-only'], nameless: true },
  { text: /permission denied|command denied|must be owner|\b(1142|1143)\b/i, codes: ['missing-rights'] },
]

/** Every word that could be the name of a migration, a table or a column. */
function wordsIn(text: string): ReadonlySet<string> {
  const words = new Set<string>()
  for (const [word] of text.matchAll(/[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*/gu)) {
    words.add(word.toLowerCase())
    // `database.table.column`, `public.table`: by each of their parts too.
    const parts = word.toLowerCase().split('.')
    for (let from = 0; from < parts.length; from++) for (let to = from + 1; to <= parts.length; to++) words.add(parts.slice(from, to).join('.'))
    // A model by its label: the table that it has unless `db_table` says otherwise.
    if (parts.length >= 2) words.add(`${parts[0]}_${parts[1]}`)
  }
  // ('shop', '0002_x')
  for (const [, app, name] of text.matchAll(/\(\s*u?['"]([\w-]+)['"]\s*,\s*u?['"]([\w-]+)['"]\s*\)/g)) words.add(`${app}.${name}`.toLowerCase())
  return words
}

/** How many of the names that a finding is about are in the text; a column counts by its own name only beside its table. */
function namesIn({ about }: Found, words: ReadonlySet<string>): number {
  return about.filter((name) => {
    const lower = name.toLowerCase()
    if (words.has(lower)) return true
    const dot = lower.indexOf('.')
    return dot > 0 && words.has(lower.slice(0, dot)) && words.has(lower.slice(dot + 1))
  }).length
}

/**
 * The findings that an error text comes of: those of its kind whose names it has. A text that has no kind is matched by names alone, two at
 * least, for it may be in another language.
 */
export function explain(found: readonly Found[], text: string): Found[] {
  const kinds = KINDS.filter((kind) => kind.text.test(text))
  const codes = new Set(kinds.flatMap(({ codes: own }) => own))
  const words = wordsIn(text)
  const named = found.map((one) => ({ one, names: namesIn(one, words) })).filter(({ names }) => names > 0)
  const ofKind = named.filter(({ one }) => codes.has(one.code))
  if (ofKind.length > 0) return best(ofKind)
  // SQLite names a column without its table: `duplicate column name: slug`.
  const byColumn = found.filter(
    ({ code, app, about }) => app !== null && codes.has(code) && about.some((name) => !/^\d/.test(lastOf(name)) && words.has(lastOf(name))),
  )
  if (byColumn.length > 0) return byColumn
  const nameless = new Set(kinds.flatMap(({ codes: own, nameless: isSo }) => (isSo ? own : [])))
  if (nameless.size > 0) return found.filter(({ code }) => nameless.has(code))
  return kinds.length === 0 ? best(named.filter(({ names }) => names > 1)) : []
}

const lastOf = (name: string) => name.slice(name.lastIndexOf('.') + 1).toLowerCase()

function best(matches: readonly { one: Found; names: number }[]): Found[] {
  const most = Math.max(0, ...matches.map(({ names }) => names))
  return matches.filter(({ names }) => names === most).map(({ one }) => one)
}
