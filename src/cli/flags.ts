import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'

/** A word of the command line; oclif would take a missing one from standard input, which belongs to loops and pipes. */
export const argument = (description: string) => Args.string({ description, ignoreStdin: true })
export const requiredArgument = (description: string) => Args.string({ description, ignoreStdin: true, required: true })

/** Which database and which table. */
export const databaseFlags = {
  url: Flags.string({
    helpValue: 'URL',
    description: 'Database URL; better in MIGSTATE_URL, because arguments can be seen in the process list. Default: DATABASES of the settings.',
    helpGroup: 'DATABASE',
  }),
  database: Flags.string({ helpValue: 'ALIAS', description: 'Alias in DATABASES (default: default).', helpGroup: 'DATABASE' }),
  schema: Flags.string({ helpValue: 'NAME', description: 'PostgreSQL schema of the table; without it what search_path finds.', helpGroup: 'DATABASE' }),
  table: Flags.string({ helpValue: 'NAME', description: 'Name of the table (default: django_migrations).', helpGroup: 'DATABASE' }),
}

/** Which project, and how its files are found. */
export const projectFlags = {
  project: Flags.string({
    helpValue: 'DIR',
    description: 'Folder of manage.py; default: this folder or the nearest one above that has it.',
    helpGroup: 'PROJECT',
  }),
  settings: Flags.string({
    helpValue: 'MODULE',
    description: 'Settings module; else DJANGO_SETTINGS_MODULE, else what manage.py names.',
    helpGroup: 'PROJECT',
  }),
  path: Flags.string({
    helpValue: 'DIR',
    multiple: true,
    multipleNonGreedy: true,
    description: 'One more folder where apps may lie (repeatable).',
    helpGroup: 'PROJECT',
  }),
  python: Flags.string({
    helpValue: 'CMD',
    description: 'The project\'s Python: a path, or a command such as "docker compose exec -T web python".',
    helpGroup: 'PROJECT',
  }),
  'manage-py': Flags.string({ helpValue: 'PATH', description: 'manage.py, where it is not in the project folder.', helpGroup: 'PROJECT' }),
  migrations: Flags.string({
    helpValue: 'LABEL=PATH',
    multiple: true,
    multipleNonGreedy: true,
    description: 'Where the migrations of an app lie, in place of what the settings say (repeatable).',
    helpGroup: 'PROJECT',
  }),
  'django-version': Flags.string({ helpValue: 'V', description: 'Rules of this Django, in place of the one that was found.', helpGroup: 'PROJECT' }),
  'ask-django': Flags.boolean({
    description: "Start the project's Python once, read-only, for what files cannot tell; the answer is kept.",
    helpGroup: 'PROJECT',
  }),
  'no-cache': Flags.boolean({ description: 'Read every file anew and keep nothing.', helpGroup: 'PROJECT' }),
  'no-files': Flags.boolean({ description: 'Rows only: read no project files.', helpGroup: 'PROJECT' }),
}

export const outputFlags = {
  json: Flags.boolean({ description: 'One JSON document on stdout, also for errors.', helpGroup: 'OUTPUT' }),
  'no-color': Flags.boolean({ description: 'No colours.', helpGroup: 'OUTPUT' }),
  verbose: Flags.boolean({ char: 'v', description: 'Show more: times, settings, environment, statements, causes.', helpGroup: 'OUTPUT' }),
  quiet: Flags.boolean({ char: 'q', description: 'Data without headings, totals and advice; warnings stay.', helpGroup: 'OUTPUT' }),
}

/** For commands that change rows. */
export const writeFlags = {
  'dry-run': Flags.boolean({ description: 'Show what would change; write nothing.', helpGroup: 'CHANGE' }),
  yes: Flags.boolean({ char: 'y', description: 'Do not ask.', helpGroup: 'CHANGE' }),
  reason: Flags.string({ helpValue: 'TEXT', description: 'Kept in the journal.', helpGroup: 'CHANGE' }),
  'lock-timeout': Flags.string({ helpValue: 'SECONDS', description: 'How long to wait for the first lock (default: 10).', helpGroup: 'CHANGE' }),
}

export const forceFlag = {
  force: Flags.boolean({ description: 'Lift the refusals that may be lifted (holes, schema operations, unproven database).', helpGroup: 'CHANGE' }),
}

export const readFlags = { ...outputFlags, ...databaseFlags, ...projectFlags }
export const changeFlags = { ...writeFlags, ...readFlags }
