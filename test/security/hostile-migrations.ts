/** Migration files that cost far more than their size where a reader does not count, by name. */

const many = (count: number, of: (index: number) => string, mark = ',') => Array.from({ length: count }, (_unused, index) => of(index)).join(mark)

function file({ dependencies = '', operations = '', before = '', more = '' }): string {
  return `from django.db import migrations\n${before}class Migration(migrations.Migration):\n    dependencies = [${dependencies}]\n    operations = [${operations}]\n${more}`
}

/** … which are read all the same. */
export const CHEAP: Record<string, string> = {
  '40,000 dependencies': file({ dependencies: many(40_000, (at) => `("shop","x${at}")`) }),
  '10,000 operations': file({ operations: many(10_000, () => 'migrations.RunSQL("x")') }),
  'a dict of 40,000 keys': file({ before: `D = {${many(40_000, (at) => `"a${at}": 1`)}}\n` }),
  'comments in SQL': file({ operations: `migrations.RunSQL("${'/**/'.repeat(200_000)}SELECT"), migrations.RunSQL("${';/*'.repeat(200_000)}")` }),
  'statements of SQL': file({ operations: `migrations.RunSQL("${'create;'.repeat(100_000)} temp"), migrations.RunSQL("${'create temp;'.repeat(100_000)}")` }),
  'blanks in texts': file({
    before: `def f(apps, schema_editor):\n    x = "${' '.repeat(300_000)}"\n    apps.get_model("a", "${'a'.repeat(300_000)}")\n`,
    operations: `migrations.RunPython(f), migrations.RunSQL("${' '.repeat(200_000)}x")`,
  }),
  'a text of 3.9 million letters': file({ before: `X = """${'A'.repeat(3_900_000)}"""\n` }),
}

/** … which are not, and say so. */
export const DEAR: Record<string, string> = {
  'more than four million bytes': file({ before: `X = """${'A'.repeat(5_000_000)}"""\n` }),
  '60,000 brackets': file({ before: `X = ${'['.repeat(60_000)}${']'.repeat(60_000)}\n` }),
  'operations in operations': file({
    before: `op = migrations.RunSQL("x")\n${'op = migrations.SeparateDatabaseAndState(database_operations=[op, op])\n'.repeat(60)}`,
    operations: 'op',
  }),
  'bases of bases': file({
    before: `class C0(migrations.RunSQL): pass\nclass D0(migrations.RunSQL): pass\n${many(60, (at) => `class C${at + 1}(C${at}, D${at}): pass\nclass D${at + 1}(C${at}, D${at}): pass\n`, '')}`,
    operations: `${many(2000, () => 'C60("x")')}`,
  }),
  garbage: '\u0001\u0002 1 1 ) '.repeat(500_000),
  'names without an end': '1 1 '.repeat(900_000),
}
