import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migstate, root } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'

/**
 * What every command prints, as text and as JSON: one session on one project, the same on every database. A change of output is seen in the diff of
 * test/golden. Ids, times, places and versions are scrubbed.
 */
const SESSION: [name: string, argv: string, exit?: number][] = [
  ['status', 'status'],
  ['status-app', 'status shop'],
  ['status-check', 'status --check'],
  ['status-data', 'status --data'],
  ['status-no-files', 'status --no-files'],
  ['doctor', 'doctor'],
  ['show', 'show shop 0002'],
  ['plan', 'plan'],
  ['plan-backwards', 'plan shop 0001'],
  ['graph-text', 'graph --format text'],
  ['graph-mermaid', 'graph --format mermaid'],
  ['graph-dot', 'graph --format dot'],
  ['history-empty', 'history'],
  ['snapshot-list-empty', 'snapshot list'],
  ['recover-nothing', 'recover'],
  ['rollback-nothing', 'rollback --yes'],
  ['mark-refused', 'mark unapplied shop 0002 --yes', 4],
  ['mark-no-terminal', 'mark unapplied blog 0001', 4],
  ['mark-dry-run', 'mark unapplied shop 0002 --with-dependants --dry-run'],
  ['mark-unapplied', 'mark unapplied shop 0002 --with-dependants --reason golden --yes'],
  ['status-unapplied', 'status'],
  ['plan-forwards', 'plan'],
  ['fake-dry-run', 'fake shop 0002 --dry-run'],
  ['mark-applied', 'mark applied shop 0002 --yes'],
  ['mark-nothing', 'mark applied shop 0002 --yes'],
  ['rollback', 'rollback --yes'],
  ['rollback-to', 'rollback --to FIRST --yes'],
  ['rerun-dry-run', 'rerun shop 0002 --dry-run --mode table'],
  ['rerun', 'rerun shop 0002 --force --yes MANAGE'],
  ['rerun-unproven', 'rerun shop 0002 --yes MANAGE', 4],
  ['snapshot-create', 'snapshot create --reason golden'],
  ['history', 'history'],
  ['history-operation', 'history FIRST'],
  ['snapshot-list', 'snapshot list'],
  ['snapshot-restore-dry-run', 'snapshot restore SNAPSHOT --dry-run'],
  ['unknown-app', 'status shopp', 2],
  ['unknown-migration', 'show shop 0009', 2],
  ['unknown-flag', 'status --chek', 2],
  ['uninstall-dry-run', 'uninstall --dry-run'],
  ['doctor-broken', 'doctor', 3],
  ['status-broken', 'status --check', 3],
  ['plan-broken', 'plan', 3],
  ['doctor-explain', 'doctor --explain CONFLICT'],
  ['doctor-github', 'doctor --format github', 3],
  ['repair-dry-run', 'repair --all --dry-run'],
  ['repair-unknown', 'repair 0123abcd --yes', 2],
  ['repair', 'repair --all --yes'],
]

describe.each(engines.flatMap((engine) => [[engine, 'text'] as const, [engine, 'json'] as const]))('%s, %s', (engine, form) => {
  let database: TestDatabase
  let project: FakeProject
  beforeAll(async () => {
    database = await freshDatabase(engine)
    project = await fakeProject(database)
  })
  afterAll(async () => {
    project.remove()
    await database.drop()
  })

  /** The first operation and the snapshot that was made by hand. */
  const known = new Map<string, string>()

  it.each(SESSION)('%s', async (name, argv, exit = 0) => {
    if (name === 'doctor-broken') await damage(database)
    const words = argv.split(' ').flatMap((word) => (word === 'MANAGE' ? project.manage('record') : [known.get(word) ?? word]))
    const result = await migstate([...words, ...(form === 'json' ? ['--json'] : [])], {
      cwd: project.folder,
      env: { MIGSTATE_URL: database.url, MIGSTATE_ACTOR: 'WHO', COLUMNS: '100', MIGSTATE_NO_CACHE: 'true', MIGSTATE_DJANGO_VERSION: '5.2' },
    })
    if (name === 'mark-unapplied') known.set('FIRST', String((await database.query('SELECT id FROM migstate_operation'))[0]?.id))
    if (name === 'snapshot-create')
      known.set(
        'SNAPSHOT',
        String((await database.query("SELECT detail FROM migstate_event WHERE event = 'snapshot' ORDER BY seq DESC"))[0]?.detail).slice(7, 19),
      )
    expect(result.exitCode, result.stdout + result.stderr).toBe(exit)
    const said = form === 'json' ? `${JSON.stringify(result.json, null, 2)}\n` : `$ migstate ${argv}\n${result.stdout}`
    const stderr = form === 'json' || result.stderr === '' ? '' : `--- stderr\n${unwrapped(result.stderr)}`
    await expect(scrub(`${said}${stderr}`)).toMatchFileSnapshot(join(root, 'test', 'golden', `${name}.${form === 'json' ? 'json' : 'txt'}`))
  })

  /** What differs from run to run, from machine to machine and from database to database. */
  function scrub(text: string): string {
    const server = database.file === undefined ? new URL(database.url) : null
    return (
      text
        .replaceAll(project.folder, 'PROJECT')
        .replaceAll(root, 'MIGSTATE')
        .replaceAll(process.execPath, 'NODE')
        .replaceAll(database.url, 'URL')
        .replaceAll(database.file ?? (server as URL).pathname.slice(1), 'DATABASE')
        .replaceAll(/\b[0-9a-f]{64}\b/g, 'DIGEST')
        .replaceAll(/\b[0-9a-f]{12}\b/g, 'ID')
        .replaceAll(/\b20(2[5-9]|[3-9]\d)-\d\d-\d\d(T|\s+)\d\d:\d\d(:\d\d(\.\d+)?)?(Z| UTC|\+00)?/g, 'TIME')
        .replaceAll(/\bin \d+(\.\d+)? s\b/g, 'in N s')
        .replaceAll(/(\.\d{6})\+00\b/g, '$1')
        .replaceAll('public.', '')
        .replaceAll(/migstate-journal-[\dTZ-]+\.json/g, 'FILE')
        .replaceAll(/\d\d:\d\d:\d\d\.\d{6}(?= {2})/g, 'TIME')
        .replaceAll(/^(django_migrations of [^\n]*)\n(?=\()/gm, '$1 ')
        // Where the line ends depends on the name of the schema.
        .replaceAll(/\n(?=\s*(migstate_\w+|\d+\))\.)/g, ' ')
        .replaceAll(`WHO on ${hostname()}`, 'WHO on HOST')
        .replaceAll(/\((sqlite|postgresql|mysql|mariadb)\b[^)]*\)/g, '(ENGINE)')
        .replaceAll(/("durationMs": |"version": |"actor": |"engine": )("[^"]*"|\d+)/g, '$1N')
        .replaceAll(/("host": |"schema": |"environment": )("[^"]*"|null)/g, '$1N')
    )
  }
})

/** A lost row in the middle, and a row of another branch. */
async function damage({ query, engine }: TestDatabase): Promise<void> {
  await query("DELETE FROM django_migrations WHERE app = 'shop' AND name = '0002_data'")
  const zone = engine === 'postgresql' ? '+00' : ''
  await query(`INSERT INTO django_migrations (id, app, name, applied) VALUES (900, 'shop', '0009_branch', '2026-01-01 00:00:00.000001${zone}')`)
  if (engine === 'postgresql') await query("SELECT setval(pg_get_serial_sequence('django_migrations', 'id'), 900)")
}

/** Prose is wrapped by the length of names that are scrubbed: one line for each warning and error. */
function unwrapped(text: string): string {
  return `${text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ (?=(Warning|Error) \[)/g, '\n')
    .trim()}\n`
}
