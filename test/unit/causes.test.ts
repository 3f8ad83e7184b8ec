import { expect, it } from 'vitest'
import { recogniseCause } from '../../src/rerun/causes.js'

/** The last lines of Django 5.2 with psycopg 3.2, PyMySQL 1.2 and sqlite3, when code runs a second time under a later schema. */
it.each([
  ['null value in column "slug" of relation "shop_product" violates not-null constraint', 'A later migration made shop_product.slug NOT NULL'],
  ['django.db.utils.IntegrityError: NOT NULL constraint failed: shop_product.slug', 'A later migration made shop_product.slug NOT NULL'],
  [`django.db.utils.OperationalError: (1364, "Field 'slug' doesn't have a default value")`, 'A later migration made the column slug NOT NULL'],
  [`django.db.utils.IntegrityError: (1048, "Column 'slug' cannot be null")`, 'A later migration made the column slug NOT NULL'],
  ['django.db.utils.ProgrammingError: column "slug" of relation "shop_product" does not exist', 'The column shop_product.slug is gone'],
  ['django.db.utils.ProgrammingError: column shop_product.slug does not exist', 'The column shop_product.slug is gone'],
  ['django.db.utils.OperationalError: no such column: shop_product.slug', 'The column shop_product.slug is gone'],
  ['django.db.utils.OperationalError: table shop_product has no column named slug', 'The column slug is gone'],
  [`django.db.utils.OperationalError: (1054, "Unknown column 'slug' in 'field list'")`, 'The column slug is gone'],
  ['django.db.utils.ProgrammingError: relation "shop_product" does not exist', 'The table shop_product is gone'],
  ['django.db.utils.OperationalError: no such table: shop_product', 'The table shop_product is gone'],
  [`django.db.utils.ProgrammingError: (1146, "Table 'shop.shop_product' doesn't exist")`, 'The table shop.shop_product is gone'],
  ['duplicate key value violates unique constraint "shop_product_pkey"', 'The rows exist already (shop_product_pkey)'],
  [
    'django.db.utils.IntegrityError: UNIQUE constraint failed: shop_product.slug, shop_product.name',
    'The rows exist already (shop_product.slug, shop_product.name)',
  ],
  [`django.db.utils.IntegrityError: (1062, "Duplicate entry 'x' for key 'shop_product.slug'")`, 'The rows exist already (shop_product.slug)'],
  [
    'django.db.migrations.exceptions.InconsistentMigrationHistory: Migration b.0001 is applied before its dependency',
    'Django refuses the history: Migration b.0001',
  ],
])('%s', (line, said) => {
  expect(recogniseCause(`Traceback (most recent call last):\n  File "manage.py"\n${line}\n`)).toContain(said)
})

it('what is not known is not guessed', () => {
  expect(recogniseCause('ValueError: no such thing')).toBeNull()
})
