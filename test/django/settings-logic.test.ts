import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, it } from 'vitest'
import { Random } from '../conformance/random.js'
import { agreesWithPython } from '../support/settings-case.js'

/** Which operator binds tighter: generated expressions are asked of Python. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-logic-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const WORDS = ['A', 'B', 'N', 'M', 'S', 'T', 'L', 'K']
const BEFORE = 'A = True\nB = False\nN = 0\nM = 3\nS = "ab"\nT = ""\nL = ["x"]\nK = []\n'

function expression(random: Random, depth: number): string {
  const inner = () => expression(random, depth - 1)
  const plain = (text: string) => (text.includes(' if ') ? `(${text})` : text)
  if (depth <= 0 || random.chance(0.12)) return random.pick(WORDS)
  switch (random.below(11)) {
    case 0:
    case 1:
    case 2:
      return `not ${plain(inner())}`
    case 3:
      return `${plain(inner())} and ${plain(inner())}`
    case 4:
    case 5:
      return `${plain(inner())} or ${plain(inner())}`
    case 6:
      return `${plain(inner())} if ${plain(inner())} else ${inner()}`
    case 7:
      return `(${inner()})`
    case 8:
      return `${random.pick(['N', 'M', '1'])} ${random.pick(['<', '>', '==', '!=', '%', '-'])} ${random.pick(['M', '2'])}`
    case 9:
      return `${random.pick(['S', '"a"'])} ${random.pick(['in', 'not in'])} "abc"`
    default:
      return `${random.pick(WORDS)} is ${random.pick(['None', 'not None'])}`
  }
}

it.each([1, 2, 3])('300 generated expressions (seed %i)', (seed) => {
  const random = new Random(seed)
  const entries = Array.from({ length: 300 }, (_unused, index) => `    "yes${index}" if (${expression(random, 5)}) else "no${index}",`)
  agreesWithPython(folder, `${BEFORE}INSTALLED_APPS = [\n${entries.join('\n')}\n]`, { certain: true })
})
