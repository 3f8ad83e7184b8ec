import { spawnSync } from 'node:child_process'
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
// @ts-expect-error plain JavaScript
import { buildWheel } from '../../bin/wheel.mjs'
import { engines, freshDatabase } from '../support/databases.js'
import { migratedShop, oneDjango, shopProject } from '../support/django.js'
import { fingerprint } from '../support/history-table.js'
import { root } from '../support/root.js'
import { bare, installed, nodePackage, pytestPackages, type VirtualEnvironment } from '../support/wheel.js'

/** The Python module and its fixtures, from the installed wheel, with no node on PATH and an empty home. */
let folder: string
let project: VirtualEnvironment
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'migstate-module-')))
  const { wheel } = buildWheel(join(folder, 'archives'))
  const has = { django: true, withNode: nodePackage !== undefined, withPytest: pytestPackages !== undefined }
  project = installed(join(folder, 'project'), wheel, { version: oneDjango as string, ...has })
}, 300_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function python(words: string[], { cwd, env = {} }: { cwd: string; env?: Record<string, string> }) {
  const { VIRTUAL_ENV: _, ...own } = env
  const [program, ...args] = bare(folder, [project.python, ...words], own)
  return spawnSync(program as string, args, { cwd, encoding: 'utf8' })
}

describe.skipIf(nodePackage === undefined || pytestPackages === undefined)('pytest-django', () => {
  it.each(engines.filter((engine) => engine === 'sqlite' || engine === 'postgresql'))('%s: the three fixtures', { timeout: 240_000 }, async (engine) => {
    const database = await freshDatabase(engine)
    const before = await database.query(engine === 'sqlite' ? 'SELECT name FROM sqlite_master' : "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    const shop = shopProject(oneDjango as string, database)
    copyFileSync(join(root, 'test', 'fixtures', 'pytest', 'test_shop.py'), join(shop.folder, 'test_shop.py'))
    writeFileSync(join(shop.folder, 'pytest.ini'), '[pytest]\nDJANGO_SETTINGS_MODULE = project.settings\n')
    if (engine === 'sqlite')
      appendFileSync(join(shop.folder, 'project', 'settings.py'), '\nDATABASES["default"]["TEST"] = {"NAME": os.path.join(BASE_DIR, "test_db.sqlite3")}\n')
    const ended = python(['-m', 'pytest', '-q', '-p', 'no:cacheprovider'], { cwd: shop.folder, env: shop.env })
    expect(ended.stdout, ended.stdout + ended.stderr).toMatch(
      /FAILED test_shop\.py::test_that_fails_with_a_changed_history - Failed: on purpose\n1 failed, 5 passed/,
    )
    // The project's own database was not touched.
    const after = await database.query(engine === 'sqlite' ? 'SELECT name FROM sqlite_master' : "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    expect(after).toEqual(before)
  })

  it('a test database in memory is told', async () => {
    const database = await freshDatabase('sqlite')
    const shop = shopProject(oneDjango as string, database)
    writeFileSync(join(shop.folder, 'test_memory.py'), 'def test_it(migstate):\n    migstate.status()\n')
    const ended = python(['-m', 'pytest', '-q', '-p', 'no:cacheprovider', '--ds=project.settings'], { cwd: shop.folder, env: shop.env })
    expect(ended.stdout).toContain('The test database is in memory, where no other process sees it.')
  })

  it('without pytest-django: the database of the settings, put back whatever the test does', async () => {
    const { database, shop } = await migratedShop(oneDjango as string, 'sqlite')
    const before = await fingerprint(database)
    const text =
      'def test_it(migration_state, migstate):\n    migration_state.unapplied("shop.0001")\n    assert migstate.status().summary.unapplied == 7\n    1 / 0\n'
    mkdirSync(join(shop.folder, 'tests'))
    writeFileSync(join(shop.folder, 'tests', 'test_plain.py'), text)
    const ended = python(['-m', 'pytest', '-q', '-p', 'no:cacheprovider', '-p', 'no:django'], { cwd: shop.folder, env: shop.env })
    expect(ended.stdout).toMatch(/ZeroDivisionError[^]*1 failed/)
    expect(await fingerprint(database)).toEqual(before)
  })
})

/** Every verb once; each answer has a field for whatever its JSON has. */
const VERBS = `
import dataclasses, json, os, sys
import migstate
from migstate._results import json_name

def unknown(value, raw, at):
    if dataclasses.is_dataclass(value):
        names = {json_name(field.name): field.name for field in dataclasses.fields(value)}
        for key in raw:
            if key == "warnings": continue
            if key not in names: yield at + "." + key
            else: yield from unknown(getattr(value, names[key]), raw[key], at + "." + key)
    elif isinstance(value, list):
        for one, other in zip(value, raw): yield from unknown(one, other, at + "[]")

lost = set()
def whole(answer):
    lost.update(unknown(answer, answer.raw, type(answer).__name__))
    return answer

with migstate.open(project=os.getcwd(), actor="a test", lock_timeout=3) as m:
    whole(m.status(data=True)); whole(m.plan("shop")); whole(m.plan(no_rows=True)); whole(m.show("shop", "0003")); whole(m.graph("shop")); whole(m.doctor(only=["hole"]))
    marked = whole(m.mark_unapplied("reports.0001", reason="why"))
    assert [row.name for row in marked.changes.removed] == ["0001_initial"] and marked.next.steps[0].app == "reports"
    assert m.history(limit=1).operations[0].actor == "a test"
    whole(m.history()); whole(m.operation(marked.operation.id)); whole(m.rollback()); whole(m.fake("reports", "zero", dry_run=True))
    whole(m.rerun("shop.0003", dry_run=True)); whole(m.recover())
    made = whole(m.snapshot(reason="mine")); whole(m.snapshots(limit=1)); whole(m.snapshot_rows(made.snapshot.id)); whole(m.restore(made.snapshot.id)); whole(m.prune_snapshots(dry_run=True))
    try:
        with m.restoring():
            m.mark_unapplied("shop", "0001", with_dependants=True)
            raise KeyError("mine")
    except KeyError: pass
    try: m.mark_unapplied("shop", "0001")
    except migstate.MigstateError as error: refused = [type(error).__name__, error.code, error.exit_code, error.consequence, bool(error.hint)]
try: migstate.open(projekt=".")
except TypeError as error: wrong = str(error)
os.environ["MIGSTATE_NODE"] = "/nowhere/node"
try: migstate.open().status()
except migstate.Failed as error: missing = error.code
print(json.dumps({"lost": sorted(lost), "refused": refused, "wrong": wrong.split(";")[0], "missing": missing, "names": dir(migstate)}))
`

describe.skipIf(nodePackage === undefined)('migstate.open', () => {
  it('has the verbs, answers are whole, failures are typed, and what is refused is', { timeout: 300_000 }, async () => {
    const { database, shop } = await migratedShop(oneDjango as string, 'sqlite')
    const before = await fingerprint(database)
    const ended = python(['-c', VERBS], { cwd: shop.folder, env: shop.env })
    expect(ended.status, ended.stderr).toBe(0)
    const { lost, refused, wrong, missing, names } = JSON.parse(ended.stdout)
    expect(lost).toEqual([])
    expect(refused).toEqual(['Refused', 'would-make-hole', 4, 'nothing', true])
    expect([wrong, missing]).toEqual(['open() has no flag projekt', 'no-node'])
    expect(names).toContain('OutcomeUnknown')
    expect(await fingerprint(database)).toEqual(before)
  })

  it('Ctrl-C waits until the program has put the history in order', { timeout: 120_000 }, async () => {
    const { database, shop } = await migratedShop(oneDjango as string, 'sqlite')
    const slow = readFileSync(join(shop.folder, 'shop/migrations/0003_fill_slugs.py'), 'utf8').replace(
      '    Product =',
      '    import time; time.sleep(4)\n    Product =',
    )
    writeFileSync(join(shop.folder, 'shop/migrations/0003_fill_slugs.py'), slow)
    const before = await fingerprint(database)
    const code = `
import os, signal, threading, migstate
threading.Timer(3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try: migstate.open(project=os.getcwd()).rerun("shop.0003")
except KeyboardInterrupt: print("interrupted after it")
`
    const ended = python(['-c', code], { cwd: shop.folder, env: shop.env })
    expect(ended.stdout, ended.stderr).toBe('interrupted after it\n')
    const after = await fingerprint(database)
    expect(after.rows.filter((row, index) => JSON.stringify(row) !== JSON.stringify(before.rows[index]))).toHaveLength(1)
  })

  it('the program itself imports none of it', () => {
    const code =
      'import sys, migstate._run; print([name for name in sys.modules if name.startswith("migstate") or name in ("json", "subprocess", "dataclasses")])'
    expect(python(['-c', code], { cwd: folder }).stdout).toBe("['migstate', 'migstate._run']\n")
  })
})

it('pytest is there, where there is a Python to install it with', () => {
  expect(pytestPackages !== undefined || !process.env.CI).toBe(true)
})
