import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { files } from '../support/fake-project.js'
import { type Answer, freshProcesses } from './fresh-process.js'

/** Documents that settings read: they cost what their size costs, and what is not read of them is said. */
const read = freshProcesses()
/** … on a machine that takes so long for a hundred million steps of a loop; on a slower one, or a busy one, as much more. */
const MACHINE = 0.2
const SECONDS = 4
const MEGABYTES = 300

let folder: string
let outside: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-documents-'))
  outside = mkdtempSync(join(tmpdir(), 'migstate-elsewhere-'))
  files(folder, {
    'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n',
    'shop/__init__.py': '',
    'shop/migrations/__init__.py': '',
  })
})
afterEach(() => {
  for (const one of [folder, outside]) rmSync(one, { recursive: true, force: true })
})

function within(text: string): Answer {
  writeFileSync(
    join(folder, 'settings.py'),
    `INSTALLED_APPS = ["shop"]\nDATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}\n${text}`,
  )
  const answer = read(folder)
  expect(answer.seconds / Math.max(1, answer.machine / MACHINE)).toBeLessThan(SECONDS)
  expect(answer.megabytes).toBeLessThan(MEGABYTES)
  return answer
}

const SHOP = { label: 'shop' }
const nested = (open: string, close: string, count = 10_000) => open.repeat(count) + close.repeat(count)
const many = (count: number, of: (index: number) => string) => Array.from({ length: count }, (_one, index) => of(index)).join('\n')

const READ = {
  json: 'import json\nDATA = json.load(open("data"))\nINSTALLED_APPS += DATA["apps"]\n',
  toml: 'import tomllib\nwith open("data", "rb") as fh:\n    DATA = tomllib.load(fh)\nINSTALLED_APPS += DATA["apps"]\n',
  yaml: 'import yaml\nDATA = yaml.safe_load(open("data"))\nINSTALLED_APPS += DATA["apps"]\n',
  ini: 'import configparser\nDATA = configparser.ConfigParser()\nDATA.read("data")\nINSTALLED_APPS += DATA.get("a", "apps").split()\n',
  exec: 'exec(open("data").read())\n',
}

/** What is in the file cannot be read, and INSTALLED_APPS rests on it: the app that is written out stays. */
describe('not read, and said', () => {
  it.each<[name: string, reader: keyof typeof READ, text: string, reason: RegExp]>([
    ['brackets in JSON', 'json', `{"apps": ${nested('[', ']')}}`, /nested too deeply/],
    ['objects in JSON', 'json', `{"apps": [${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}]}`, /an entry of INSTALLED_APPS cannot be read/],
    ['brackets without an end in JSON', 'json', '['.repeat(10_000), /not valid JSON/],
    ['brackets in TOML', 'toml', `apps = ${nested('[', ']')}`, /not read whole/],
    ['tables in TOML', 'toml', `[${Array.from({ length: 10_000 }, () => 'a').join('.')}]\nx = 1\n`, /not read|no key|cannot be read|apps/],
    ['brackets in YAML', 'yaml', `apps: ${nested('[', ']')}`, /nested too deeply/],
    ['indentation in YAML', 'yaml', many(1000, (at) => `${' '.repeat(at)}a:`), /YAML file is not read/],
    ['dashes in YAML', 'yaml', `apps:\n${'- '.repeat(10_000)}a\n`, /YAML file is not read/],
    ['anchors in YAML', 'yaml', `a: &a [x, x]\n${many(30, (at) => `b${at}: &b${at} [*a, *a]`)}\napps: *a\n`, /YAML file is not read/],
    [
      'interpolation upon interpolation',
      'ini',
      `[a]\nx0 = shop\n${many(40, (at) => `x${at + 1} = %(x${at})s %(x${at})s`)}\napps = %(x40)s\n`,
      /put together|cannot be read|not evaluated|takes too long|too large/,
    ],
    ['interpolation in a circle', 'ini', '[a]\napps = %(apps)s\n', /put together|cannot be read|not evaluated|takes too long|too large/],
    ['no ini at all', 'ini', 'apps\n'.repeat(100_000), /no ini file/],
    ['more than a text may have', 'json', `{"apps": []}${' '.repeat(1_100_000)}`, /too long/],
    ['more than a file may have', 'json', `{"apps": []}${' '.repeat(4_100_000)}`, /larger than/],
    ['a file that runs itself', 'exec', 'X = 1\nexec(open("data").read())\n', /run each other/],
    [
      'a file that runs itself twice',
      'exec',
      'exec(open("data").read())\nexec(open("data").read())\nINSTALLED_APPS.append("shop")\n',
      /run each other|takes too long|too deep/,
    ],
    ['brackets in what is run', 'exec', `INSTALLED_APPS += ${nested('[', ']')}\n`, /too deep|not valid|SyntaxError/],
  ])('%s', (_name, reader, text, reason) => {
    writeFileSync(join(folder, 'data'), text)
    const answer = within(READ[reader])
    expect(answer.complete === true && answer.problems.length === 0, JSON.stringify(answer)).toBe(false)
    expect([answer.error, ...answer.problems].join(' ')).toMatch(reason)
  })

  it.each(Object.keys(READ) as (keyof typeof READ)[])('%s: a pipe, and a link that leads outside', (reader) => {
    execFileSync('mkfifo', [join(folder, 'data')])
    const piped = within(READ[reader])
    expect([piped.error, ...piped.problems].join(' ')).toMatch(/not a regular file/)
    rmSync(join(folder, 'data'))
    writeFileSync(join(outside, 'secret'), '[a]\napps = stolen\n')
    symlinkSync(join(outside, 'secret'), join(folder, 'data'))
    const linked = within(READ[reader])
    expect([linked.error, ...linked.problems].join(' ')).toMatch(/outside/)
    expect(JSON.stringify(linked)).not.toContain('stolen')
  })
})

/** Large, and read all the same. */
describe('read', () => {
  it.each<[name: string, reader: keyof typeof READ, text: string]>([
    ['JSON', 'json', JSON.stringify({ apps: [], more: Object.fromEntries(Array.from({ length: 20_000 }, (_one, at) => [`k${at}`, at])) })],
    ['TOML', 'toml', `apps = []\n${many(10_000, (at) => `k${at} = "x"`)}\n`],
    ['YAML', 'yaml', `apps: []\n${many(10_000, (at) => `k${at}: x # y`)}\n`],
    ['ini', 'ini', `[a]\napps =\n${many(10_000, (at) => `k${at} = x`)}\n`],
    ['blanks in YAML', 'yaml', `apps: []\na${' '.repeat(150_000)}: b${' '.repeat(150_000)}# c\n`],
    ['blanks in ini', 'ini', `[a]\napps =\na${' '.repeat(150_000)}=${' '.repeat(150_000)}b\n`],
    ['blanks in TOML', 'toml', `apps = []\na${' '.repeat(150_000)}=${' '.repeat(150_000)}1\n`],
  ])('%s', (_name, reader, text) => {
    writeFileSync(join(folder, 'data'), text)
    expect(within(READ[reader])).toMatchObject({ error: null, complete: true, problems: [], apps: [SHOP] })
  })
})
