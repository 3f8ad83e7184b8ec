/** Settings that cost far more than their size where a reader does not count. What follows the base settings, by name. */

const many = (count: number, of: (index: number) => string, mark = ',') => Array.from({ length: count }, (_unused, index) => of(index)).join(mark)
const nested = (open: string, middle: string, close: string, count: number) => open.repeat(count) + middle + close.repeat(count)

/** … which are read all the same: their cost is that of their size. */
export const CHEAP: Record<string, string> = {
  'a dict of 50,000 keys': `D = {${many(50_000, (at) => `"k${at}": ${at}`)}}\n`,
  'a set of 5,000 tuples': `Q = {${many(5000, (at) => `(1, 2, 3, 4, 5, 6, 7, 8, 9, ${at})`)}}\n`,
  'a dict comprehension': 'Q = {"%s" % i: i for i in range(9999)}\n',
  'a million folders up': 'import environ\nfrom pathlib import Path\np = environ.Path("/a") - 999999999999\n',
  'an empty list, four thousand million times': 'Q = [] * 4000000000\nR = () * 10**15\nS = "" * 10**15\n',
  'huge products': 'Q = "a" * 10**9\nW = "{:1000000000}".format(1)\nV = "%01000000000d" % 1\nU = "a".zfill(10**9)\nY = [0] * 10**12\n',
  'huge ranges': 'Q = list(range(999999999999))\nR = [i for i in range(999999999)]\nfor i in range(999999999):\n    pass\n',
  'shared lists in OPTIONS': `a = ["x", "x"]\n${'a = [a, a]\n'.repeat(60)}DATABASES["default"]["OPTIONS"] = {"x": a}\n`,
  'shared lists as text': `a = ["x", "x"]\n${'a = [a, a]\n'.repeat(60)}Q = str(a)\nR = "%s" % a\nW = repr(a)\nU = set(a)\nV = sorted(a)\n`,
  'lists that hold themselves': 'a = []\na.append(a)\na[0] = a\nd = {}\nd["d"] = d\nDATABASES["default"]["OPTIONS"] = d\nQ = a == a\n',
  'a loop without an end': 'a = ["x"]\nwhile True:\n    a.append("x" * 999999)\n',
  'loops in loops': 'L = [1] * 99999\nfor i in L:\n    for j in L:\n        pass\n',
  recursion: 'def f(n):\n    return f(n + 1) + f(n + 2)\nQ = f(0)\nfib = lambda n: fib(n - 1) + fib(n - 2)\nX = fib(50)\n',
  'a .env line of blanks, django-environ': 'import environ\nenviron.Env.read_env(os.path.join(BASE_DIR, ".env"))\n',
  'a .env line of blanks, dotenv': 'from dotenv import load_dotenv\nload_dotenv(os.path.join(BASE_DIR, ".env"))\n',
  'a .env line of blanks, environs': 'import environs\nenviron = environs.Env()\nenviron.read_env(os.path.join(BASE_DIR, ".env"))\n',
  'a .env line of blanks, decouple': 'from decouple import config\nX = config("A", default=1)\nY = config("B", default=1)\n',
}

/** … which are not, or only to some part, and say so. */
export const DEAR: Record<string, string> = {
  'lists of lists compared': 'x = [0] * 4999\ny = [x] * 4999\nz = [y] * 4999\nx2 = [0] * 4999\ny2 = [x2] * 4999\nz2 = [y2] * 4999\nQ = z == z2\n',
  'lists of lists doubled and compared': `a = [1, 2]\nb = [1, 2]\n${'a = [a] * 300\nb = [b] * 300\n'.repeat(5)}Q = a == b\n`,
  'in a list, in a loop': 'L = [1] * 99999\nQ = [0 for i in L if 2 in L]\n',
  'in a text': 'T = "a" * 999999\nN = "a" * 249999 + "b" + "a" * 249999\nQ = N in T\n',
  'the last place in a text': 'T = "a" * 999999\nN = "a" * 249999 + "b" + "a" * 249999\nQ = T.rpartition(N)\n',
  upper: 'L = [1] * 9999\nT = "a" * 999999\nQ = [T.upper() for i in L]\n',
  split: 'L = [1] * 9999\nT = "a" * 999999\nQ = [T.split("a") for i in L]\n',
  format: 'L = [1] * 9999\nT = "a" * 499999\nQ = ["{}{}".format(T, T) for i in L]\n',
  percent: 'L = [1] * 9999\nT = "a" * 499999\nQ = ["%s%s" % (T, T) for i in L]\n',
  join: 'L = ["ab"] * 49999\nQ = ["x".join(L) for i in L]\n',
  strip: 'T = " " * 999999\nQ = [T.strip() for i in range(9999)]\n',
  'strip of letters': 'T = "b" + "a" * 99999 + "b"\nQ = [T.strip("b" * 9999) for i in range(9999)]\n',
  replace: 'T = " " * 999999\nQ = [T.replace(" ", "") for i in range(9999)]\n',
  sum: 'L = [[1] * 1000] * 999\nR = [sum(L, []) for i in L]\n',
  'a spread list': 'L = [1] * 49999\nR = [[*L] for i in L]\n',
  'sorted lists': 'L = ["a%d" % i for i in range(9999)]\nR = [sorted(L) for i in range(9999)]\n',
  'sorted long texts': 'L = ["a" * 99999 + str(i) for i in range(90)]\nR = [sorted(L) for i in range(9999)]\n',
  'parents of a long path': 'from pathlib import Path\np = Path("/a" * 400000)\nQ = [p.parents for i in range(9999)]\n',
  'joined paths': 'L = ["abcdefgh"] * 99999\nQ = [os.path.join(*L) for i in range(999)]\n',
  'a hundred thousand brackets': `Q = ${nested('[', '1', ']', 100_000)}\n`,
  'a hundred thousand parentheses': `Q = ${nested('(', '1', ')', 100_000)}\n`,
  'half a million minus signs': `Q = ${'-'.repeat(500_000)}1\nR = ${'not '.repeat(200_000)}1\n`,
  'unknown branches': many(20_000, (at) => `if unknown${at}:\n    A${at} = 1\nelse:\n    A${at} = 2\n`, ''),
  'nested comprehensions': 'L = [1] * 9999\nQ = [[[[0 for d in L] for c in L] for b in L] for a in L]\n',
  'shared lists as INSTALLED_APPS': `a = ["x", "x"]\n${'a = [a, a]\n'.repeat(60)}INSTALLED_APPS += a\n`,
  'bases of bases': `class C0: pass\n${many(900, (at) => `class C${at + 1}(${many(at + 1, (base) => `C${at - base}`)}): pass\n`, '')}Q = C900.x\n`,
  'imports of what is not there': many(200_000, (at) => `import m${at}\n`, ''),
  'imports on a long path': `import sys\n${many(290, (at) => `sys.path.append("/x/${at}")\n`, '')}${many(20_000, (at) => `import m${at}\n`, '')}`,
  'files of which nobody knows': 'Q = [os.path.exists("/x/%d/%d" % (i, j)) for i in range(99) for j in range(99)]\n'.repeat(60),
  'a body that is never reached': `L = [1] * 1999\nfor i in L:\n    for j in L:\n        continue\n${'        x = 1\n'.repeat(20_000)}`,
  'blank lines in a block': `def f():\n    z = 1\n${'\n'.repeat(250_000)}    w = 1\nwhile x:\n    y = f()\n`,
  'dots of a relative import': `from ${'.'.repeat(3_000_000)} import x\n`.repeat(1),
  'what the grammar does not know, on one line': `a = yield ${'1 1 '.repeat(400_000)}\n`,
}

export const BASE = `import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
INSTALLED_APPS = ["shop"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
`

export const ENV_FILE = `A=x${' '.repeat(150_000)}y\nB="${' #'.repeat(150_000)}\nC=x${' #'.repeat(150_000)}y\nexport ${' '.repeat(150_000)}\nD='"${'" '.repeat(100_000)}\n`
