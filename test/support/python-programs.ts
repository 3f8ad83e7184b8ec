/** Python programs out of a grammar: of what settings and migrations are written in, with sizes and names that only an enemy would choose. */

/** Mulberry32: the same programs for the same seed, on every machine. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const VARIABLES = ['a', 'b', 'c', 'L', 'D', 'T', 'S', 'INSTALLED_APPS', 'MIGRATION_MODULES', 'DATABASES', 'unknown', 'constructor', '__proto__', 'toString']
const KEYS = ['default', 'NAME', 'OPTIONS', 'a', '', 'constructor', '__proto__', 'hasOwnProperty', 'ü\u2028', '%s', '{}', '{0}{a:05d}', '/a/../b', '..']
const NUMBERS = ['0', '1', '2', '-1', '7', '300', '9999', '99999', '1.5', '1e400', '0x1f', '10**12', '4000000000']
const FUNCTIONS =
  'str int float bool list tuple set frozenset dict len range reversed sorted enumerate zip any all sum filter map isinstance getattr hasattr'.split(' ')
const MORE_FUNCTIONS =
  'os.getenv os.path.join os.path.dirname os.path.abspath os.path.exists os.listdir Path copy.copy copy.deepcopy itertools.chain dict.fromkeys fnmatch.filter env env.bool env.list config dj_database_url.parse swapper.split json.loads environ.Path super globals open exec'.split(
    ' ',
  )
const METHODS =
  'append extend insert remove pop clear reverse sort index count copy update setdefault get keys values items add discard union difference upper lower strip lstrip rstrip split rsplit replace join format startswith endswith partition rpartition zfill splitlines encode capitalize isdigit parent parents name joinpath exists resolve read_text nothing'.split(
    ' ',
  )
const BINARY = ['+', '-', '*', '/', '%', '|', '&', '==', '!=', '<', '>=', 'in', 'not in', 'is', 'is not', 'and', 'or', '**', '//']
const MODULES = [
  'os',
  'sys',
  'environ',
  'decouple',
  'dotenv',
  'extra',
  'missing',
  '.extra',
  '..',
  'project',
  'shop.migrations',
  'constructor',
  'split_settings.tools',
  'django.conf',
]

export class Programs {
  readonly #random: () => number
  #depth = 0

  constructor(seed: number) {
    this.#random = randomNumbers(seed)
  }

  settings(): string {
    return `import os, environ, copy, itertools, fnmatch, json, swapper, dj_database_url\nfrom pathlib import Path\nfrom decouple import config\nenv = environ.Env()\nINSTALLED_APPS = ["shop"]\nDATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "x"}}\nMIGRATION_MODULES = {}\na = b = c = 1\nL = [1, 2]\nD = {"a": 1}\nT = "text"\nS = {1, 2}\n${this.#block(0, 2 + this.#upTo(14))}`
  }

  module(): string {
    return `a = [1]\nT = "x"\n${this.#block(0, 1 + this.#upTo(8))}`
  }

  migration(): string {
    const list = (of: () => string) => `[${Array.from({ length: this.#upTo(3) }, of).join(', ')}]`
    const dependency = () =>
      this.#one([`("shop", "${this.#one(['0001_initial', ...KEYS])}")`, () => this.#expression(), 'migrations.swappable_dependency(settings.AUTH_USER_MODEL)'])
    const operation = () =>
      this.#one([
        () => `migrations.RunPython(${this.#expression()})`,
        () => `migrations.RunSQL(${this.#expression()}, reverse_sql=${this.#expression()})`,
        () => `migrations.AddField(model_name=${this.#expression()}, name="x", field=${this.#expression()})`,
        () => `migrations.SeparateDatabaseAndState(database_operations=[${this.#expression()}], state_operations=L)`,
        () => this.#expression(),
      ])
    return `from django.conf import settings\nfrom django.db import migrations, models\na = b = c = 1\nL = []\nD = {}\nT = ""\nS = set()\n${this.#block(0, this.#upTo(8))}class Migration(migrations.Migration):\n    dependencies = ${list(dependency)}\n    operations = ${list(operation)}\n    replaces = ${list(dependency)}\n${this.#block(1, this.#upTo(2))}`
  }

  /** `.env` and `settings.ini`. */
  lines(): string {
    const piece = () =>
      this.#one([
        'A',
        '=',
        ' ',
        '"',
        "'",
        '#',
        'export ',
        '\\',
        '$',
        '${A}',
        '[settings]',
        ':',
        '\t',
        'x',
        () => this.#one([' ', '"', '#', "'"]).repeat(this.#upTo(20_000)),
      ])
    return Array.from({ length: this.#upTo(8) }, () => Array.from({ length: this.#upTo(10) }, piece).join('')).join('\n')
  }

  #upTo(most: number): number {
    return Math.floor(this.#random() * (most + 1))
  }

  #one(choices: readonly (string | (() => string))[]): string {
    const choice = choices[this.#upTo(choices.length - 1)] as string | (() => string)
    return typeof choice === 'string' ? choice : choice()
  }

  #block(indent: number, count: number): string {
    return Array.from({ length: count }, () => this.#statement(indent)).join('')
  }

  #statement(indent: number): string {
    const pad = '    '.repeat(indent)
    const line = (text: string) => `${pad}${text}\n`
    const body = (more = 1) => this.#block(indent + 1, more + this.#upTo(2))
    const simple = [
      () => line(`${this.#target()} = ${this.#expression()}`),
      () => line(`${this.#target()} ${this.#one(['+', '-', '*', '|', '&', '%'])}= ${this.#expression()}`),
      () => line(`${this.#variable()}.${this.#one(METHODS)}(${this.#arguments()})`),
      () => line(`${this.#variable()}, *${this.#variable()} = ${this.#expression()}`),
      () => line(this.#expression()),
      () => line(`del ${this.#target()}`),
      () => line(`from ${this.#one(MODULES)} import ${this.#one(['*', 'a', 'T as b', 'constructor', 'nothing'])}`),
      () => line(`import ${this.#one(MODULES).replace(/^\.+/, 'x')}`),
      () => line(this.#one(['pass', 'global a', 'raise ValueError(T)', 'raise', 'assert a', 'return a', 'break', 'continue'])),
      () => line(`os.environ[${this.#expression()}] = ${this.#expression()}`),
      () => line(`environ.Env.read_env(${this.#one(['', '".env"', '"/etc/passwd"', '"../.env"', () => this.#expression()])})`),
      // Many lines of one kind.
      () => this.#again(this.#statement(indent), 1 + this.#upTo(Number(this.#one(['3', '40', '400'])))),
    ]
    if (indent > 4) return this.#one(simple.slice(0, -1))
    return this.#one([
      ...simple,
      ...simple,
      () => line(`if ${this.#expression()}:`) + body() + this.#one(['', () => line(`elif ${this.#expression()}:`) + body(), () => line('else:') + body()]),
      () => line(`for ${this.#one(['a', 'a, b', 'D["x"]', 'L[0]'])} in ${this.#expression()}:`) + body(),
      () => line(`while ${this.#expression()}:`) + body(),
      () =>
        line('try:') + body() + line(`except ${this.#one(['ImportError', 'KeyError', 'Exception', '(ValueError, constructor)', 'IndexError as c'])}:`) + body(),
      () => line(`with ${this.#one(['open(T) as c', 'suppress(KeyError)', 'unknown'])}:`) + body(),
      () => line(`def f(${this.#one(['', 'a', 'a, b=L', '*a, **b', 'a, *, c=1'])}):`) + body() + line(`${this.#variable()} = f(${this.#arguments()})`),
      () => line(`class C(${this.#one(['', 'object', 'C', 'unknown', 'dict'])}):`) + body() + line(`c = C(${this.#arguments()}).a`),
      () => line(`match ${this.#expression()}:`) + `${pad}    case ${this.#one(['1', 'a', '[a, *b]', '_'])}:\n${this.#block(indent + 2, 1)}`,
      () => line(`@${this.#one(['property', 'f', 'lambda g: g', 'unknown(1)'])}`) + line('def f(a=1):') + body(),
    ])
  }

  /** As often as a file of some 100 kB has room for. */
  #again(text: string, count: number): string {
    return text.repeat(Math.min(count, Math.ceil(100_000 / text.length)))
  }

  #variable(): string {
    return this.#one(VARIABLES)
  }

  #target(): string {
    return this.#one([
      () => this.#variable(),
      () => `${this.#variable()}[${this.#expression()}]`,
      () => `${this.#variable()}[${this.#one(NUMBERS)}:${this.#one(NUMBERS)}]`,
      () => `${this.#variable()}.a`,
    ])
  }

  #arguments(): string {
    return Array.from({ length: this.#upTo(3) }, () =>
      this.#one([
        () => this.#expression(),
        () => this.#expression(),
        () => `*${this.#variable()}`,
        () => `key=${this.#expression()}`,
        () => `**${this.#variable()}`,
      ]),
    ).join(', ')
  }

  #text(): string {
    return JSON.stringify(this.#one(KEYS))
  }

  #expression(): string {
    if (this.#depth > 3) return this.#one([() => this.#variable(), () => this.#one(NUMBERS), () => this.#text()])
    this.#depth++
    try {
      return this.#inner()
    } finally {
      this.#depth--
    }
  }

  #inner(): string {
    const inside = () => this.#expression()
    const items = () => Array.from({ length: this.#upTo(4) }, () => this.#one([inside, inside, () => `*${this.#variable()}`])).join(', ')
    const pairs = () => Array.from({ length: this.#upTo(4) }, () => this.#one([() => `${inside()}: ${inside()}`, () => `**${this.#variable()}`])).join(', ')
    return this.#one([
      () => this.#variable(),
      () => this.#one(NUMBERS),
      () => this.#text(),
      () => `f"${this.#one(['{a}', '{T:>5}', '{{', '{a!r}', 'x{L}', '{a:04d}'])}"`,
      () => `[${items()}]`,
      () => `(${items()},)`.replace('(,)', '()'),
      () => `{${items()}}`,
      () => `{${pairs()}}`,
      () => `${inside()} ${this.#one(BINARY)} ${inside()}`,
      () => `(${inside()} * ${this.#one(NUMBERS)})`,
      () => `${this.#one(['-', 'not ', '~', '+'])}${inside()}`,
      () => `(${inside()} if ${inside()} else ${inside()})`,
      () =>
        `${this.#one(['[', '(', '{'])}${inside()} for ${this.#one(['i', 'i, a', 'a'])} in ${inside()} ${this.#one(['', () => `if ${inside()} `, () => `for b in ${inside()} `])}]`.replace(
          /^([[({])(.*).$/s,
          (_all, open: string, text: string) => `${open}${text}${open === '[' ? ']' : open === '(' ? ')' : '}'}`,
        ),
      () => `${this.#one(FUNCTIONS)}(${this.#arguments()})`,
      () => `${this.#one(MORE_FUNCTIONS)}(${this.#arguments()})`,
      () => `(${inside()}).${this.#one(METHODS)}(${this.#arguments()})`,
      () => `(${inside()}).${this.#one(METHODS)}`,
      () => `(${inside()})[${inside()}]`,
      () => `(${inside()})[${this.#one(NUMBERS)}:${this.#one(NUMBERS)}]`,
      () => `os.environ.get(${inside()}, ${inside()})`,
      () => `(lambda a, *b: ${inside()})(${this.#arguments()})`,
      () => `(a := ${inside()})`,
      // Deep, long, or wide.
      () => this.#repeated(),
    ])
  }

  #repeated(): string {
    const count = this.#upTo(Number(this.#one(['5', '50', '500', '5000'])))
    const short = () => this.#one([() => this.#variable(), () => this.#one(NUMBERS), () => this.#text()])
    return this.#one([
      () => `${'['.repeat(count)}${short()}${']'.repeat(count)}`,
      () => `${'('.repeat(count)}${short()}${')'.repeat(count)}`,
      () => `${this.#one(['-', 'not ', '~', 'lambda: '])}`.repeat(count) + short(),
      () => Array.from({ length: count + 1 }, short).join(` ${this.#one(BINARY)} `),
      () => `[${Array.from({ length: count }, short).join(', ')}]`,
      () => `{${Array.from({ length: count }, (_unused, at) => `${at}: ${short()}`).join(', ')}}`,
      () => `T${this.#one(['.a', '()', '[0]', '.strip()'])}`.padEnd(2) + this.#one(['.a', '()', '[0]', '.strip()']).repeat(count),
      () => `"${this.#one(['a', ' ', '%s', '{}', '%(a)s', '/a', '--', '/**/', ';'])}" * ${this.#one(NUMBERS)}`,
      () => `"${this.#one(['a', ' ', '%s', '{}', '%(a)s', '/a', '--', '/**/', ';']).repeat(count * 20)}"`,
      () => Array.from({ length: count + 1 }, () => `${short()} if ${short()} else `).join('') + short(),
    ])
  }
}
