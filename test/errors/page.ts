import type { FINDING_CODES } from '../../src/doctor/finding.js'
import type { Engine } from '../support/databases.js'

/** What a person wrote of a finding; `bin/errors.mjs` makes a page of it, and `test/django/errors.test.ts` does what it says. */
export interface ErrorPage {
  code: (typeof FINDING_CODES)[number]
  /** What people search for. */
  title: string
  /** As Django and the databases print it in the state of `breaks`; empty where nothing says a word. */
  says: string[]
  /** What one sees in place of an error. */
  silent?: string
  fact: string
  consequence: string
  evidence: string
  /** Two ways on. */
  ways: [string, string]
  engine?: Engine
  /** A console session in a copy of the shop; lines under a command are in its output, `...` is anything. null: it takes a server that no test has. */
  breaks: string | null
  mends: string | null
}

/** A migration as it is typed into a console. */
export function typed(path: string, dependencies: string, operations: string, more = '', head = 'from django.db import migrations, models'): string {
  return `$ cat > ${path} <<'EOF'
${head}


class Migration(migrations.Migration):
${more}    dependencies = [${dependencies}]
    operations = [${operations}]
EOF`
}

export const sql = (statement: string) => `$ sqlite3 db.sqlite3 "${statement}"`
export const psql = (statement: string) => `$ psql -c "${statement}"`
export const ID = '("id", models.AutoField(primary_key=True))'

/** A file as it is typed into a console. */
export const written = (path: string, text: string) => `$ cat > ${path} <<'EOF'\n${text}EOF`
