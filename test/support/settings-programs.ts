import type { Random } from '../conformance/random.js'

/** Small programs that name apps, made of what settings do to lists: aliases, branches, loops, exceptions, functions that change what they are given. */
export class Programs {
  readonly #random: Random
  #fresh = 0
  #functions: string[] = []

  constructor(random: Random) {
    this.#random = random
  }

  program(): string {
    this.#fresh = 0
    this.#functions = []
    const before = [
      'import socket',
      'from contextlib import suppress',
      'T, F = True, False',
      // Python knows it, a reader of files does not.
      'U = socket.gethostname() != ""',
      'A = ["a"]',
      'B = ["b"]',
      'C = A',
      'D = {"k": ["d"], "a": A}',
    ]
    const statements = Array.from({ length: 3 + this.#random.below(6) }, () => this.#guarded())
    return [...before, ...statements.flat(), `INSTALLED_APPS = ${this.#name()}`].join('\n')
  }

  /** At the outermost level nothing may escape too often: such a program says nothing. */
  #guarded(): string[] {
    return this.#random.chance(0.3) ? ['try:', ...indent(this.#block(2)), 'except Exception:', ...indent(this.#block(1))] : this.#statement(3, false)
  }

  #block(depth: number, raises = true): string[] {
    return Array.from({ length: 1 + this.#random.below(3) }, () => this.#statement(depth, raises)).flat()
  }

  #statement(depth: number, raises: boolean): string[] {
    const random = this.#random
    if (depth <= 0 || random.chance(0.45)) return [this.#simple(raises)]
    const inner = () => indent(this.#block(depth - 1, raises))
    switch (random.below(9)) {
      case 0:
      case 1:
        return [`if ${this.#condition()}:`, ...inner(), ...(random.chance(0.5) ? ['else:', ...inner()] : [])]
      case 2:
        return [
          'for v in ["p", "q"]:',
          ...inner(),
          ...indent(random.chance(0.4) ? [`if ${this.#condition()}:`, `    ${random.pick(['break', 'continue'])}`] : []),
          ...inner(),
        ]
      case 3: {
        const [name, count] = [this.#name(), `n${++this.#fresh}`]
        const body = [`${count} += 1`, `${name}.append("${this.#word()}")`]
        return [`${count} = 0`, `while ${count} < 3 and len(${name}) < 4:`, ...indent(body), ...(random.chance(0.5) ? inner() : [])]
      }
      case 4:
      case 5: {
        const tried = indent(this.#block(depth - 1, true))
        const caught = random.pick(['ValueError', 'KeyError', 'ImportError', 'Exception', '(KeyError, ValueError)', 'LookupError', 'ModuleNotFoundError'])
        const more = random.chance(0.3) ? ['else:', ...inner()] : []
        const last = random.chance(0.25) ? ['finally:', ...indent([this.#simple(false)])] : []
        return ['try:', ...tried, `except ${caught}:`, ...inner(), ...(random.chance(0.4) ? ['except Exception:', ...inner()] : []), ...more, ...last]
      }
      case 6:
        return [`with suppress(${random.pick(['KeyError', 'ValueError', 'ImportError', 'Exception'])}):`, ...indent(this.#block(depth - 1, true))]
      default: {
        const name = `f${this.#functions.length}`
        const body = this.#block(depth - 1, raises)
        const globals = ['A', 'B', 'C'].filter((one) => body.some((line) => new RegExp(`^ *${one} (=|\\+=) `).test(line)))
        const returned = random.pick(['x', 'x + ["r"]', 'A', 'None', 'D["k"]'])
        this.#functions.push(name)
        const defined = [
          `def ${name}(x):`,
          ...indent([...(globals.length > 0 ? [`global ${globals.join(', ')}`] : []), ...body, `x.append("${this.#word()}")`, `return ${returned}`]),
        ]
        return [...defined, ...(returned === 'None' ? [`${name}(${this.#name()})`] : [`${this.#name()} = ${name}(${this.#name()})`])]
      }
    }
  }

  #simple(raises: boolean): string {
    const random = this.#random
    const [x, y] = [this.#name(), this.#name()]
    const word = this.#word()
    switch (random.below(raises ? 17 : 13)) {
      case 0:
        return `${x} = ${y}`
      case 1:
        return `${x} = ${y} + ["${word}"]`
      case 2:
        return `${x} += ["${word}"]`
      case 3:
      case 4:
        return `${x}.append("${word}")`
      case 5:
        return `${x}.insert(0, "${word}")`
      case 6:
        return `${x}.extend(list(${y})[:2])`
      case 7:
        return `D["k"] = ${x}`
      case 8:
        return `D.setdefault("${random.pick(['k', 'new'])}", ${x}).append("${word}")`
      case 9:
        return `${x} = [v for v in ${y} if v != "${random.pick(['a', 'b', 'w1'])}"]`
      case 10:
        return `${x} = D["${random.pick(['k', 'a'])}"]`
      case 11:
        return `${x} = list(${y})`
      case 12:
        return this.#functions.length > 0 ? `${random.pick(this.#functions)}(${x})` : `${x}[-1:] = ["${word}"]`
      case 13:
        return `raise ${random.pick(['ValueError', 'KeyError', 'ImportError'])}("${word}")`
      case 14:
        return 'import nowhere_at_all'
      case 15:
        return `${x} = D["${word}"]`
      default:
        return `${x}.remove("${random.pick(['a', 'b', 'nothing'])}")`
    }
  }

  #condition(): string {
    return this.#random.pick([
      'T',
      'F',
      'U',
      'not U',
      'A is C',
      'A == B',
      'len(A) > 2',
      '"b" in A',
      '"k" in D',
      'A',
      'B is D["k"]',
      'U and T',
      'U or T',
      'F or not A',
    ])
  }

  #name(): string {
    return this.#random.pick(['A', 'A', 'B', 'C'])
  }

  #word(): string {
    return `w${++this.#fresh}`
  }
}

const indent = (lines: readonly string[]) => lines.map((line) => `    ${line}`)
