// man/migstate.1, from the command classes: "npm run docs" writes it. Plain man(7) macros, ASCII only, so that groff and mandoc agree.
const GROUPS = ['OUTPUT', 'CHANGE', 'PROJECT', 'DATABASE']

const FIXED_TITLES = { OUTPUT: 'what is printed', CHANGE: 'every change', PROJECT: 'which project', DATABASE: 'which database' }

/**
 * @param config oclif's, with the commands loaded
 * @param meanings exit code to words
 */
export function manPage(config, meanings) {
  const commands = config.commands.filter(({ hidden }) => !hidden).sort((left, right) => (left.id < right.id ? -1 : 1))
  const shared = sharedFlags(commands)
  const sections = [
    section('NAME', ['migstate \\- show, repair and rerun Django migration state']),
    section('SYNOPSIS', ['.B migstate', '.I COMMAND', roff('[ARGUMENTS] [FLAGS]')]),
    section('DESCRIPTION', [roff(config.pjson.description), '.PP', roff('"migstate COMMAND --help" explains one command on the terminal.')]),
    section(
      'COMMANDS',
      commands.flatMap((command) => commandPart(command, config, shared)),
    ),
    ...GROUPS.filter((group) => shared.has(group)).map((group) =>
      section(`FLAGS: ${FIXED_TITLES[group].toUpperCase()}`, [...shared.get(group).values()].flatMap(flagPart)),
    ),
    section('EXIT STATUS', exitPart(meanings)),
    section(
      'ENVIRONMENT',
      ENVIRONMENT.flatMap(([name, text]) => item(bold(name), roff(text))),
    ),
    section(
      'FILES',
      FILES.flatMap(([name, text]) => item(`\\fI${roff(name)}\\fR`, roff(text))),
    ),
    section('SEE ALSO', ['.BR django\\-admin (1)']),
  ]
  return ['.\\" Generated from the command classes by "npm run docs".', '.TH MIGSTATE 1 "" "migstate" "User Commands"', ...sections].join('\n') + '\n'
}

const ENVIRONMENT = [
  ['MIGSTATE_URL', 'The database, where --url is not given. Arguments can be seen in the process list; variables cannot.'],
  ['MIGSTATE_...', 'Each flag of project, database and output has a variable: MIGSTATE_LOCK_TIMEOUT is --lock-timeout. A flag beats its variable.'],
  ['MIGSTATE_NODE', 'Installed with pip: the path or the name of another Node.js.'],
  ['DJANGO_SETTINGS_MODULE, VIRTUAL_ENV, PYTHONPATH', 'As for manage.py.'],
  ['NO_COLOR', 'No colours.'],
  ['XDG_CACHE_HOME', 'Where the folder migstate with what is kept between runs is made, in place of ~/.cache.'],
]

const FILES = [
  ['migstate.json', 'Beside manage.py: flags that are always the same, by their long names in camelCase. See "migstate trust".'],
  ['~/.cache/migstate', 'What was read and compiled; may be deleted at any time.'],
]

/** Flags that three commands or more have just so, by their group. */
function sharedFlags(commands) {
  const owners = new Map()
  for (const { flags } of commands)
    for (const flag of visible(flags)) {
      const key = JSON.stringify([flag.name, flag.description])
      owners.set(key, { flag, count: (owners.get(key)?.count ?? 0) + 1 })
    }
  const shared = new Map()
  for (const { flag, count } of owners.values()) {
    if (count < 3 || !GROUPS.includes(flag.helpGroup)) continue
    shared.set(flag.helpGroup, (shared.get(flag.helpGroup) ?? new Map()).set(flag.name, flag))
  }
  return shared
}

function commandPart(command, config, shared) {
  const fill = (text) => text.replaceAll(/<%= *config\.bin *%>/g, config.bin).replaceAll(/<%= *command\.id *%>/g, command.id.replaceAll(':', ' '))
  const flags = visible(command.flags)
  const own = flags.filter((flag) => shared.get(flag.helpGroup)?.get(flag.name)?.description !== flag.description)
  const groups = GROUPS.filter((group) => flags.some((flag) => !own.includes(flag) && flag.helpGroup === group)).map((group) => FIXED_TITLES[group])
  const args = Object.values(command.args).filter(({ hidden, description }) => !hidden && description)
  return [
    `.SS ${roff(`migstate ${command.id.replaceAll(':', ' ')}`)}`,
    ...usages(command, fill).flatMap((usage, index) => [...(index > 0 ? ['.br'] : []), bold(usage)]),
    ...paragraphs(fill(command.summary ?? '')),
    ...paragraphs(fill(command.description ?? '')),
    ...args.flatMap(({ name, description }) => item(`\\fI${roff(name.toUpperCase())}\\fR`, roff(fill(description)))),
    ...own.flatMap(flagPart),
    ...(groups.length > 0 ? ['.PP', roff(`Flags below: ${groups.join(', ')}.`)] : []),
    ...exampleLines(command.examples ?? [], fill),
  ]
}

function usages(command, fill) {
  const told = [command.usage ?? []].flat()
  const args = Object.values(command.args)
    .filter(({ hidden }) => !hidden)
    .map(({ name, required }) => (required ? name.toUpperCase() : `[${name.toUpperCase()}]`))
  const lines = told.length > 0 ? told.map(fill) : [[command.id.replaceAll(':', ' '), ...args].join(' ')]
  return lines.map((line) => (line.startsWith('migstate') ? line : `migstate ${line}`))
}

function visible(flags) {
  return Object.values(flags).filter(({ hidden }) => !hidden)
}

function flagPart(flag) {
  const value = flag.type === 'option' ? [flag.options ? flag.options.join('|') : (flag.helpValue ?? 'VALUE')].flat()[0] : ''
  const long = bold(`--${flag.name}`) + (value ? `=\\fI${roff(value)}\\fR` : '')
  return item(flag.char ? `${bold(`-${flag.char}`)}, ${long}` : long, roff(flag.description ?? flag.summary ?? ''))
}

function exampleLines(examples, fill) {
  if (examples.length === 0) return []
  const lines = examples.flatMap((example) => (typeof example === 'string' ? [fill(example)] : [fill(example.description), `  ${fill(example.command)}`]))
  return [
    '.PP',
    'Examples:',
    '.PP',
    '.nf',
    ...lines
      .join('\n')
      .split('\n')
      .map((line) => roff(`    ${line}`.trimEnd())),
    '.fi',
  ]
}

function exitPart(meanings) {
  const all = { 0: 'done, or nothing to do', 3: 'findings (status --check, plan when stopped): an answer, not an error', ...meanings }
  return Object.keys(all)
    .sort((left, right) => left - right)
    .flatMap((code) => item(bold(code), roff(all[code])))
}

function section(title, lines) {
  return [`.SH ${roff(title)}`, ...lines].join('\n')
}

function item(label, text) {
  return ['.TP', label, text]
}

function bold(text) {
  return `\\fB${roff(text)}\\fR`
}

function paragraphs(text) {
  return text
    .split(/\n\s*\n/)
    .map((one) => one.replaceAll(/\s+/g, ' ').trim())
    .filter(Boolean)
    .flatMap((one) => ['.PP', roff(one)])
}

/** No character is a command: backslashes, hyphens that are to be typed, points and quotes at the beginning of a line, what is not ASCII; troff has no dots for a plain terminal. */
function roff(text) {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('…', '...')
    .replaceAll(/[^\x00-\x7f]/gu, (char) => `\\[u${char.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}]`)
    .replaceAll(/^(?=[.'])/gm, '\\&')
}
