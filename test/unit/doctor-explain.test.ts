import { describe, expect, it } from 'vitest'
import { explain } from '../../src/doctor/explain.js'
import { type Found, inOrder, toFinding } from '../../src/doctor/finding.js'
import { plainName } from '../../src/migrations/name-pairs.js'

function found(code: Found['code'], about: string[], more: Partial<Found> = {}): Found {
  return { code, severity: 'error', app: 'shop', migration: 'x', message: '', evidence: [], repairs: [], about, explains: [], place: 0, ...more }
}

const HOLE = found('hole', ['shop.0002_slug', 'shop.0003_fill', 'shop_product.slug'])
const PRESENT = found('present-unrecorded', ['blog.0001_initial', 'blog_post', 'blog_post.title'])
const MISSING = found('recorded-missing', ['billing.0001_initial', 'billing_invoice', 'billing_invoice.paid'])
const PARENT = found('missing-parent', ['shop.0007_lost', 'shop.0008_x'])
const CONFLICT = found('conflict', ['users.0014_a', 'users.0014_b', '0014_a', '0014_b'], { migration: null })
const SEQUENCE = found('sequence-behind', ['django_migrations_pkey', 'django_migrations', 'django_migrations.id'], { app: null, migration: null })
const ID = found('id-default-missing', ['django_migrations', 'django_migrations.id'], { app: null, migration: null })
const ALL = [HOLE, PRESENT, MISSING, PARENT, CONFLICT, SEQUENCE, ID]

describe('an error text leads to the finding that it comes of', () => {
  it.each<[string, string, Found]>([
    ['Django', "InconsistentMigrationHistory: Migration shop.0003_fill is applied before its dependency shop.0002_slug on database 'default'.", HOLE],
    ['Django', "NodeNotFoundError: Migration shop.0008_x dependencies reference nonexistent parent node ('shop', '0007_lost')", PARENT],
    ['Django before 3', "NodeNotFoundError: Migration shop.0008_x dependencies reference nonexistent parent node (u'shop', u'0007_lost')", PARENT],
    [
      'Django',
      'CommandError: Conflicting migrations detected; multiple leaf nodes in the migration graph: (0014_a, 0014_b in users).\nTo fix them run …',
      CONFLICT,
    ],
    ['PostgreSQL', 'psycopg2.errors.DuplicateTable: relation "blog_post" already exists', PRESENT],
    ['PostgreSQL', 'django.db.utils.ProgrammingError: column "title" of relation "blog_post" already exists', PRESENT],
    ['MySQL', `django.db.utils.OperationalError: (1050, "Table 'blog_post' already exists")`, PRESENT],
    ['MySQL, a column', `django.db.utils.OperationalError: (1060, "Duplicate column name 'title'")`, PRESENT],
    ['SQLite', 'sqlite3.OperationalError: table "blog_post" already exists', PRESENT],
    ['SQLite, a column', 'sqlite3.OperationalError: duplicate column name: title', PRESENT],
    ['PostgreSQL', 'django.db.utils.ProgrammingError: relation "billing_invoice" does not exist\nLINE 1: SELECT "billing_invoice"."id"', MISSING],
    ['MySQL', `(1146, "Table 'site.billing_invoice' doesn't exist")`, MISSING],
    ['MySQL, a column', `(1054, "Unknown column 'billing_invoice.paid' in 'field list'")`, MISSING],
    ['SQLite', 'django.db.utils.OperationalError: no such table: billing_invoice', MISSING],
    ['SQLite, a column', 'django.db.utils.OperationalError: no such column: billing_invoice.paid', MISSING],
    ['PostgreSQL', 'duplicate key value violates unique constraint "django_migrations_pkey"\nDETAIL:  Key (id)=(67) already exists.', SEQUENCE],
    ['MySQL', `(1062, "Duplicate entry '3' for key 'django_migrations.PRIMARY'")`, SEQUENCE],
    ['PostgreSQL', 'null value in column "id" of relation "django_migrations" violates not-null constraint', ID],
    ['PostgreSQL in German', 'FEHLER:  Relation »billing_invoice« existiert nicht\nbei der Migration billing.0001_initial', MISSING],
    [
      'a CI log',
      `Running migrations:\n  Applying blog.0001_initial...\nTraceback (most recent call last):\n  File "manage.py", line 22\nProgrammingError: relation "blog_post" already exists\nerror: exit 1`,
      PRESENT,
    ],
  ])('%s: %s', (_who, text, wanted) => {
    expect(explain(ALL, text)).toEqual([wanted])
  })

  it.each([
    'everything is fine',
    'ValueError: something else',
    'relation "other_table" already exists',
    'no such table: other_table',
    'InconsistentMigrationHistory: Migration a.0002 is applied before its dependency a.0001',
    'duplicate key value violates unique constraint "shop_product_slug_key"',
    'duplicate key value violates unique constraint "shop_product_pkey"\nDETAIL:  Key (id)=(67) already exists.',
  ])('and to none otherwise: %s', (text) => {
    expect(explain(ALL, text)).toEqual([])
  })
})

it('what stops every migrate comes first, then what fails, then what is untidy; ids are those of code and subject', () => {
  const ghost = found('ghost', [], { severity: 'warning' })
  const late = found('hole', [], { place: 5 })
  expect(inOrder([ghost, MISSING, late, HOLE, PARENT])).toEqual([PARENT, HOLE, late, MISSING, ghost])
  const { id } = toFinding(HOLE)
  expect(id).toMatch(/^[0-9a-f]{8}$/)
  expect(toFinding({ ...HOLE, evidence: ['more'] }).id).toBe(id)
  expect(toFinding({ ...HOLE, migration: 'y' }).id).not.toBe(id)
})

it('names are the same but for blanks, case, form and ending', () => {
  for (const name of ['0001_x', ' 0001_x', '0001_x\u00a0', '0001_X', '0001_x.py', '0001_x.pyc', '0001_x\u200b']) expect(plainName(name)).toBe('0001_x')
  expect(plainName('0001_cafe\u0301')).toBe(plainName('0001_caf\u00e9'))
  expect(plainName('0001_y')).not.toBe('0001_x')
})
