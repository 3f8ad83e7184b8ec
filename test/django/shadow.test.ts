import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migstate, start } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { type DjangoProject, djangos, migratedShop, oneDjango, shopProject } from '../support/django.js'
import { commandLineOf, processesIn } from '../support/endings.js'
import { gate } from '../support/gate.js'
import { fingerprint } from '../support/history-table.js'
import { dataMigration } from '../support/shadow-project.js'
import { until } from '../support/until.js'

const all = process.env.DJANGO_VERSIONS === 'all'
const versions = all ? Object.keys(djangos) : [oneDjango as string]

/** Shadow mode as its users meet it: real Django, real databases. */
describe.each(versions)('Django %s', (version) => {
  // Django 2.2 with PyMySQL dies on MariaDB and MySQL: last_executed_query() decodes what is text already.
  describe.each(engines.filter((engine) => version !== '2.2' || !/mysql|mariadb/.test(engine)))('%s', (engine) => {
    let database: TestDatabase
    let shop: DjangoProject
    beforeEach(async () => {
      ;({ database, shop } = await migratedShop(version, engine))
      await nextSecond()
    })
    afterEach(async () => {
      shop.remove()
      await database.drop()
    })

    /** Django 1.8 makes the column without a fraction on MariaDB: two runs in one second have the same time. */
    const nextSecond = () => new Promise((resolve) => setTimeout(resolve, version === '1.8' && engine === 'mariadb' ? 1100 : 0))
    const options = (env: Record<string, string> = {}) => ({ cwd: shop.folder, env: { ...shop.env, ...env } })
    const run = (...argv: string[]) => migstate([...argv, '--json'], options())
    const rerun = (...more: string[]) => run('rerun', 'shop', '0003', '--yes', ...more)
    const products = async () => (await database.query('SELECT name FROM shop_product ORDER BY id')).map((row) => row.name)
    const data = (body: string, more?: string) => shop.write({ 'shop/migrations/0003_fill_slugs.py': dataMigration(body, more) })
    const python = join(djangos[version] as string, 'bin', 'python')
    const sitePackages = execFileSync(python, ['-c', 'import django, os; print(os.path.dirname(os.path.dirname(django.__file__)))'], {
      encoding: 'utf8',
    }).trim()
    const wrapper = (text: string) => {
      const path = join(shop.folder, 'inside.sh')
      writeFileSync(path, `#!/bin/sh\n${text}\n`)
      chmodSync(path, 0o755)
      return path
    }
    /** Refused or failed, and nothing has happened. */
    const nothing = async (result: Awaited<ReturnType<typeof run>>, code: string, before: Awaited<ReturnType<typeof fingerprint>>) => {
      expect(result.json.error, result.stderr).toMatchObject({ code })
      expect(await fingerprint(database)).toEqual(before)
      expect(await products()).toEqual([])
      expect((await run('recover')).json.result.operation).toBeNull()
      return result.json.error
    }

    it('others see the full history all the time, and a deploy finds nothing to do', async () => {
      data('wait()\n    create("it ran")')
      const before = await fingerprint(database)
      const go = gate()
      const running = start(['rerun', 'shop', '0003', '--yes', '--json'], options({ WAIT_FOR: go.file }))
      await go.reached()
      expect(await fingerprint(database)).toEqual(before)
      const shown = await shop.manage('showmigrations', 'shop')
      expect(shown.output).not.toContain('[ ]')
      const deploy = await shop.manage('migrate', '--noinput')
      expect(deploy, deploy.output).toMatchObject({ exitCode: 0 })
      expect(deploy.output).toContain('No migrations to apply')
      const [status, blocked] = [await run('status'), await run('mark', 'unapplied', 'reports', '0001', '--yes', '--lock-timeout', '0.2')]
      expect(status.json.warnings).toContainEqual({ code: 'unfinished-operation', message: expect.stringContaining('in progress') })
      expect(status.json.result.summary.unapplied).toBe(0)
      expect(blocked.json.error).toMatchObject({ code: 'lock-timeout', exitCode: 5 })
      expect(await fingerprint(database)).toEqual(before)
      go.open()
      const done = await running.done
      expect(done.exitCode, done.stderr).toBe(0)
      expect(await products()).toEqual(['it ran'])
      expect((await fingerprint(database)).rows.filter((row, index) => row !== before.rows[index])).toHaveLength(1)
    })

    it('another database: refused before anything runs', async () => {
      data('create("it ran")')
      const other = await freshDatabase(engine)
      try {
        const clone = shopProject(version, other)
        await clone.manage('migrate', '-v0')
        const before = await fingerprint(database)
        const refused = await rerun('--url', other.url)
        expect(refused.json.error, refused.stderr).toMatchObject({ code: 'other-database', exitCode: 4 })
        expect(await fingerprint(database)).toEqual(before)
        expect(await products()).toEqual([])
        clone.remove()
      } finally {
        await other.drop()
      }
    })

    it("Django's own plan is more than the target: refused", async () => {
      data('create("it ran")')
      shop.write({
        'late/__init__.py': '',
        'late/migrations/__init__.py': '',
        'late/migrations/0001_initial.py': dataMigration('create("late")', 'run_before = [("shop", "0003_fill_slugs")]').replace(
          /dependencies = .*/,
          'dependencies = [("shop", "0002_product_slug")]',
        ),
        'manage.py': `import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
from django.conf import settings
settings.INSTALLED_APPS = list(settings.INSTALLED_APPS) + ["late"]
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
`,
      })
      const before = await fingerprint(database)
      const error = await nothing(await rerun(), 'pending-migrations', before)
      expect(error.message).toContain('late.0001_initial')
    })

    // Before 1.10 every migration is atomic, and Django itself cannot go on without its connection.
    it.runIf(version !== '1.8')('a migration that closes its connection: the shadow is made again', async () => {
      data('create("it ran")\n    schema_editor.connection.close()', 'atomic = False')
      const ran = await rerun()
      expect(ran.exitCode, ran.stdout + ran.stderr).toBe(0)
      expect(await products()).toEqual(['it ran'])
    })

    it('a failing post_migrate handler: it ran, exit 0 and a warning', async () => {
      data('create("it ran")')
      shop.write({
        'shop/__init__.py': `from django.db.models.signals import post_migrate\n\n\ndef fail(**kwargs):\n    raise ValueError("after")\n\n\npost_migrate.connect(fail)\n`,
      })
      const ran = await rerun()
      expect(ran.exitCode, ran.stdout).toBe(0)
      expect(ran.json.warnings.map((one: { code: string }) => one.code)).toEqual(['manage-failed-after'])
      expect(await products()).toEqual(['it ran'])
    })

    it('reverse first: back and forth, dependants untouched', async () => {
      shop.write({ 'shop/migrations/0003_fill_slugs.py': dataMigration('create("forth")', '', 'create("back")') })
      const before = await fingerprint(database)
      const ran = await rerun('--reverse-first')
      expect(ran.exitCode, ran.stdout + ran.stderr).toBe(0)
      expect(ran.json.result.rerun).toMatchObject({ mode: 'shadow', reverseFirst: true })
      expect(await products()).toEqual(['back', 'forth'])
      const after = await fingerprint(database)
      expect(after.rows.filter((row, index) => row !== before.rows[index])).toHaveLength(1)
      expect(after.counter).toBe(before.counter)
    })

    it('reverse first in table mode', async () => {
      shop.write({ 'shop/migrations/0003_fill_slugs.py': dataMigration('create("forth")', '', 'create("back")') })
      const before = await fingerprint(database)
      const ran = await rerun('--reverse-first', '--mode', 'table')
      expect(ran.exitCode, ran.stdout + ran.stderr).toBe(0)
      expect(await products()).toEqual(['back', 'forth'])
      const after = await fingerprint(database)
      expect(after.rows.filter((row, index) => row !== before.rows[index])).toHaveLength(1)
      expect(after.counter).toBe(before.counter)
    })

    it('reverse first, failing between the halves: said, and recoverable', async () => {
      shop.write({ 'shop/migrations/0003_fill_slugs.py': dataMigration('raise ValueError("no")', '', 'create("back")') })
      const before = await fingerprint(database)
      for (const mode of ['shadow', 'table']) {
        const failed = await rerun('--reverse-first', '--mode', mode)
        expect(failed.json.error, failed.stderr).toMatchObject({ code: 'manage-failed', exitCode: 7, details: { half: 'reversed' } })
        expect(failed.json.error.message).toContain('Its reverse code has run and its forward code has not')
        expect(await fingerprint(database)).toEqual(before)
      }
      expect(await products()).toEqual(['back', 'back'])
    })

    it('a squash, and a migration that a squash has replaced', async () => {
      shop.write({
        'shop/migrations/0003_fill_slugs.py': dataMigration('create("part")'),
        'shop/migrations/0003_fill_slugs_squashed_0004_order.py': dataMigration(
          'create("squash")',
          'replaces = [("shop", "0003_fill_slugs"), ("shop", "0004_order")]',
        ),
      })
      expect((await shop.manage('migrate', '-v0')).exitCode).toBe(0)
      const before = await fingerprint(database)
      const squash = await run('rerun', 'shop', '0003_fill_slugs_squashed_0004_order', '--yes')
      expect(squash.exitCode, squash.stdout + squash.stderr).toBe(0)
      expect(squash.json.result.rerun.hidden).toContainEqual(['shop', '0004_order'])
      expect(await products()).toEqual(['squash'])
      // The first one of a squash: Django before 6.0 has no node for it once nothing of the squash is recorded.
      const part = await run('rerun', 'shop', '0003_fill_slugs', '--yes')
      if (version === '6.0') expect(part.exitCode, part.stdout).toBe(0)
      else expect(part.json.error, part.stdout).toMatchObject({ code: 'squashed-target', exitCode: 4 })
      const after = await fingerprint(database)
      expect(after.rows.map((row) => row.split('|').slice(0, 3))).toEqual(before.rows.map((row) => row.split('|').slice(0, 3)))
      expect((await shop.manage('migrate', '-v0')).exitCode).toBe(0)
    })

    it('behind a wrapper that changes folder, environment and address, as a container does', async () => {
      data('create("it ran")')
      const inside = join(shop.folder, 'container', 'app')
      mkdirSync(inside, { recursive: true })
      for (const name of ['manage.py', 'project', 'shop', 'billing', 'reports']) cpSync(join(shop.folder, name), join(inside, name), { recursive: true })
      const host = engine === 'sqlite' ? '' : 'localhost'
      const env = Object.entries({ ...shop.env, SHOP_DB_HOST: host, VIRTUAL_ENV: undefined })
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => `'${name}=${value}'`)
        .join(' ')
      const ran = await rerun('--python', `${wrapper(`cd '${inside}' && exec env -i HOME=/tmp ${env} '${python}' "$@"`)} -B`, '--manage-py', 'manage.py')
      expect(ran.exitCode, ran.stdout + ran.stderr).toBe(0)
      expect(await products()).toEqual(['it ran'])
    })

    it('no standard input, another process, a swallowed exception: nothing runs, and it says why', async () => {
      data('create("it ran")')
      const before = await fingerprint(database)
      const deaf = await nothing(await rerun('--python', `${wrapper(`exec '${python}' "$@" </dev/null`)} -B`), 'django-does-not-start', before)
      expect(deaf.hint).toContain('-T')
      const manage = (text: string) => shop.write({ 'manage.py': text })
      manage(
        'import os, sys\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")\nif "AGAIN" not in os.environ:\n    os.environ["AGAIN"] = "1"\n    os.execv(sys.executable, [sys.executable] + sys.argv)\nfrom django.core.management import execute_from_command_line\nexecute_from_command_line(sys.argv)\n',
      )
      expect((await nothing(await rerun(), 'manage-failed', before)).hint).toContain('--mode table')
      manage(
        'import subprocess, sys\nimport os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")\nsys.exit(subprocess.call([sys.executable, "-c", "from django.core.management import execute_from_command_line as e; import sys; e(sys.argv)"] + sys.argv[1:]))\n',
      )
      await nothing(await rerun(), 'manage-failed', before)
    })

    it('AUTOCOMMIT False is refused', async () => {
      data('create("it ran")')
      shop.write({ 'auto.py': 'from project.settings import *\nDATABASES["default"]["AUTOCOMMIT"] = False\n' })
      const before = await fingerprint(database)
      const error = await nothing(await rerun('--settings', 'auto'), 'shadow-unavailable', before)
      expect(error).toMatchObject({ exitCode: 4, hint: expect.stringContaining('--mode table') })
    })

    it.runIf(engine === 'postgresql')("Django's role without rights on the side tables: the GRANT to run, and then it works", async () => {
      data('create("it ran")')
      const role = `r${Math.random().toString(36).slice(2, 10)}`
      await database.query(
        `CREATE ROLE ${role} LOGIN; GRANT ALL ON SCHEMA public TO ${role}; GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ${role}`,
      )
      try {
        const before = await fingerprint(database)
        const asRole = () => migstate(['rerun', 'shop', '0003', '--yes', '--json', '--url', database.url], options({ SHOP_DB_USER: role }))
        const error = await nothing(await asRole(), 'shadow-unavailable', before)
        expect(error).toMatchObject({ exitCode: 4, details: { reason: 'rights' } })
        expect(error.hint).toMatch(new RegExp(`^GRANT SELECT ON .*migstate_snapshot_row.* TO ${role}; GRANT SELECT, INSERT ON .*migstate_event.* TO ${role};$`))
        await database.query(error.hint)
        const ran = await asRole()
        expect(ran.exitCode, ran.stdout + ran.stderr).toBe(0)
        await database.query(`REVOKE TEMPORARY ON DATABASE ${new URL(database.url).pathname.slice(1)} FROM PUBLIC`)
        const temporary = (await asRole()).json.error
        expect(temporary).toMatchObject({ code: 'shadow-unavailable', details: { reason: 'temporary-tables' } })
        expect(temporary.hint).toMatch(new RegExp(`^GRANT TEMPORARY ON DATABASE "\\w+" TO ${role};$`))
        await database.query(temporary.hint)
        expect((await asRole()).exitCode).toBe(0)
      } finally {
        await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
      }
    })

    it('another alias: only its session has a shadow', async () => {
      const other = await freshDatabase(engine)
      try {
        data('create("it ran")')
        shop.write({
          'two.py': `from project.settings import *\n\nDATABASES["other"] = dict(DATABASES["default"], NAME=${JSON.stringify(other.env.SHOP_DB_NAME)})\n`,
        })
        expect((await shop.manage('migrate', '-v0', '--database', 'other', '--settings', 'two')).exitCode).toBe(0)
        await other.query('DELETE FROM shop_product')
        await nextSecond()
        const [before, theirs] = [await fingerprint(database), await fingerprint(other)]
        const ran = await rerun('--settings', 'two', '--database', 'other')
        expect(ran.exitCode, ran.stdout + ran.stderr).toBe(0)
        expect(await fingerprint(database)).toEqual(before)
        expect((await fingerprint(other)).rows.filter((row, index) => row !== theirs.rows[index])).toHaveLength(1)
        expect(await products()).toEqual([])
        expect((await other.query('SELECT name FROM shop_product')).map((row) => row.name)).toEqual(['it ran'])
      } finally {
        await other.drop()
      }
    })

    it('several in one command, in the order of the graph; the first failure ends it', async () => {
      shop.write({
        'shop/migrations/0005_more.py': dataMigration('create("five")').replace('0002_product_slug', '0004_order'),
        'shop/migrations/0006_even_more.py': dataMigration('raise ValueError("six")').replace('0002_product_slug', '0005_more'),
      })
      data('create("three")')
      await run('mark', 'applied', 'shop', '0005', '0006', '--yes')
      await nextSecond()
      const two = await run('rerun', 'shop', '0005', '0003', '--yes')
      expect(
        two.json.result.reruns.map((one: { target: string[] }) => one.target[1]),
        two.stdout,
      ).toEqual(['0003_fill_slugs', '0005_more'])
      expect(two.json.result.changes.updated).toHaveLength(2)
      expect(await products()).toEqual(['three', 'five'])
      const failed = await run('rerun', 'shop', '0006', '0005', '--yes')
      expect(failed.json.error).toMatchObject({ code: 'manage-failed', details: { reruns: [{ target: ['shop', '0005_more'] }] } })
      expect(failed.json.error.message).toContain('shop.0005_more ran again; that stays')
    })

    it('--timeout stops it; the history is as before', async () => {
      data('wait()')
      const before = await fingerprint(database)
      const stopped = await migstate(['rerun', 'shop', '0003', '--yes', '--json', '--timeout', '4'], options({ WAIT_FOR: gate().file }))
      expect(stopped.json.error, stopped.stderr).toMatchObject({ code: 'manage-failed', exitCode: 7 })
      expect(stopped.json.error.message).toContain('--timeout 4 s')
      expect(await fingerprint(database)).toEqual(before)
    })

    it('its own row changed meanwhile: not overwritten, exit 8, and recover leaves it', async () => {
      data('wait()\n    create("it ran")')
      const go = gate()
      const running = start(['rerun', 'shop', '0003', '--yes', '--json'], options({ WAIT_FOR: go.file }))
      await go.reached()
      await database.query("UPDATE django_migrations SET applied = '2020-01-01 00:00:00' WHERE app = 'shop' AND name = '0003_fill_slugs'")
      await database.query("DELETE FROM django_migrations WHERE app = 'reports'")
      const theirs = await fingerprint(database)
      go.open()
      const done = await running.done
      expect(done.json.error, done.stderr).toMatchObject({ code: 'unfinished-operation', exitCode: 8 })
      const recovered = await run('recover')
      expect(recovered.exitCode, recovered.stdout).toBe(0)
      expect(recovered.json.warnings.map((one: { code: string }) => one.code)).toContain('interleaved')
      expect(await fingerprint(database)).toEqual(theirs)
    })

    // Its snapshot is older than the change then: SQLSTATE 40001, and the next attempt reads the row anew.
    it.runIf(engine === 'postgresql')('its own row is just being changed as it opens: waited for, and read again', async () => {
      const { default: pg } = await import('pg')
      const theirs = new pg.Client({ connectionString: database.url })
      await theirs.connect()
      await theirs.query("BEGIN; UPDATE django_migrations SET applied = '2020-01-01' WHERE app = 'shop' AND name = '0003_fill_slugs'")
      const running = start(['rerun', 'shop', '0003', '--yes', '--json'], options())
      const waiting = 'SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0'
      await until('it waits for them', async () => (await database.query(waiting)).length > 0)
      await theirs.query('COMMIT')
      await theirs.end()
      const done = await running.done
      expect(done.exitCode, done.stdout + done.stderr).toBe(0)
      expect(done.json.result.rerun).toMatchObject({ mode: 'shadow' })
    })

    it('a client that ends and leaves manage.py behind, as docker exec does: nothing is decided while it works', async () => {
      data('create("it ran")\n    wait()')
      shop.write({
        'client.py': `import os, signal, subprocess, sys\nchild = subprocess.Popen([os.environ["REAL_PYTHON"]] + sys.argv[1:], stdin=sys.stdin, start_new_session=True)\nsignal.signal(signal.SIGINT, lambda *_: os._exit(130))\nsys.exit(child.wait())\n`,
      })
      const before = await fingerprint(database)
      const argv = [
        'rerun',
        'shop',
        '0003',
        '--yes',
        '--json',
        '--python',
        `python3 ${join(shop.folder, 'client.py')}`,
        '--manage-py',
        'manage.py',
        '--path',
        sitePackages,
      ]
      const go = gate()
      const running = start(argv, options({ WAIT_FOR: go.file, REAL_PYTHON: python }))
      await go.reached()
      const isClient = (pid: number) => /^[^\0]*python[\d.]*\0[^\0 ]*client\.py\0/.test(commandLineOf(pid))
      expect(processesIn(shop.folder).some(isClient)).toBe(true)
      running.process.kill('SIGINT')
      await until('the client has ended', () => !processesIn(shop.folder).some(isClient))
      expect((await run('recover', '--lock-timeout', '0.5')).json.error).toMatchObject({ code: 'lock-timeout', exitCode: 5 })
      expect(running.process.exitCode).toBeNull()
      go.open()
      const done = await running.done
      expect(done.exitCode, done.stdout + done.stderr).toBe(0)
      expect(await products()).toEqual(['it ran'])
      expect((await fingerprint(database)).rows.filter((row, index) => row !== before.rows[index])).toHaveLength(1)
    })

    // Statements can be watched since Django 2.0.
    it.runIf(Number(version) >= 2)('a migration that writes to django_migrations: refused, because it would be lost', async () => {
      data('with schema_editor.connection.cursor() as cursor:\n        cursor.execute("DELETE FROM django_migrations WHERE app = \'reports\'")')
      const before = await fingerprint(database)
      const refused = await rerun()
      expect(refused.json.error, refused.stderr).toMatchObject({ code: 'shadow-unavailable', details: { reason: 'own-table' } })
      expect(await fingerprint(database)).toEqual(before)
    })

    it('Ctrl-C in the middle: as before, exit 130', async () => {
      data('create("half")\n    wait()')
      const before = await fingerprint(database)
      const never = gate()
      const running = start(['rerun', 'shop', '0003', '--yes', '--json'], options({ WAIT_FOR: never.file }))
      await never.reached()
      running.process.kill('SIGINT')
      const done = await running.done
      expect(done.exitCode, done.stderr).toBe(130)
      expect(await fingerprint(database)).toEqual(before)
      expect(await products()).toEqual([])
    })
  })
})
