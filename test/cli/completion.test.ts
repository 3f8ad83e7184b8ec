/// <reference types="vite/client" />
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from '@oclif/core/command'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { built, root } from '../support/cli.js'
import { files, migration } from '../support/fake-project.js'

const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const

const installed = (shell: string) => spawnSync(shell, ['--version']).status === 0

let folder: string
let project: string
const scripts = {} as Record<(typeof SHELLS)[number], string>
const scriptFile = (shell: string) => join(folder, `migstate.${shell}`)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-completion-'))
  project = join(folder, 'my project')
  for (const shell of SHELLS) {
    const printed = await built(['completion', shell])
    expect(printed, shell).toMatchObject({ exitCode: 0, stderr: '' })
    scripts[shell] = printed.stdout
    writeFileSync(scriptFile(shell), printed.stdout)
  }
  files(project, {
    'manage.py': '',
    'shop/migrations/__init__.py': '',
    'shop/migrations/0001_initial.py': migration(''),
    'shop/migrations/0002_data.py': migration(''),
    'apps/blog/migrations/0001_initial.py': migration(''),
    'src/company/site/news/migrations/0001_news.py': migration(''),
    'node_modules/shipped/migrations/0001_no.py': '',
    'frontend/node_modules/migrations/0001_no.py': '',
    // What a folder is called must never be run.
    '$(touch pwned)/migrations/0001_x.py': '',
    'shop/migrations/0009_`touch pwned`.py': '',
    'shop/migrations/0010_$(touch pwned).py': '',
  })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What bash offers for the words of a line, of which the last is being typed. */
function bash(words: readonly string[], cwd = join(project, 'shop')): string[] {
  const line = words.map((word) => `'${word}'`).join(' ')
  const code = `source '${scriptFile('bash')}'; COMP_WORDS=(migstate ${line}); COMP_CWORD=${words.length}; _migstate; printf '%s\\n' "\${COMPREPLY[@]}"`
  const shell = spawnSync('bash', ['--norc', '-c', code], { cwd, encoding: 'utf8' })
  expect(shell.stderr).toBe('')
  return shell.stdout.split('\n').filter(Boolean)
}

function fish(line: string): string[] {
  const shell = spawnSync('fish', ['--no-config', '-c', `source '${scriptFile('fish')}'; complete -C 'migstate ${line}'`], {
    cwd: join(project, 'shop'),
    encoding: 'utf8',
    env: { ...process.env, HOME: folder },
  })
  expect(shell.stderr).toBe('')
  return shell.stdout
    .split('\n')
    .filter(Boolean)
    .map((one) => one.split('\t')[0] as string)
}

/** A real zsh in a pseudo-terminal of its own; returns when it shows what is awaited. */
function zsh(line: string, awaited: string): string {
  const code = `
    zmodload zsh/zpty
    zpty shell zsh -f -i
    zpty -w shell "PS1='> '; COLUMNS=200; autoload -Uz compinit; compinit -u -D; bindkey '^I' list-choices; source '${scriptFile('zsh')}'; cd '${project}/shop'; echo REA''DY"
    zpty -r shell out '*READY*'
    zpty -w -n shell ${JSON.stringify(line)}$'\\t'
    zpty -r shell out '*${awaited}*'
    print -r -- $out`
  const shell = spawnSync('zsh', ['-f', '-c', code], { encoding: 'utf8', timeout: 20_000 })
  expect(shell.signal, `${line}: ${awaited} never came`).toBeNull()
  return shell.stdout
}

/** The line to the left is completed to the words on the right, by every shell. */
const CASES: [line: string, offered: string[]][] = [
  ['ma', ['mark']],
  ['mark ', ['applied', 'unapplied']],
  ['help sta', ['status']],
  ['mark applied ', ['blog', 'news', 'shop']],
  ['mark applied shop ', ['0001_initial', '0002_data']],
  ['mark unapplied shop 0001_initial ', ['0002_data']],
  ['rerun shop.', ['shop.0001_initial', 'shop.0002_data']],
  ['rerun shop.0001_initial blog.', ['blog.0001_initial']],
  ['rerun shop 0002_data --rev', ['--reverse-first']],
  ['show --database other news ', ['0001_news']],
  ['show news 0001_news ', []],
  ['plan shop ', ['0001_initial', '0002_data', 'zero']],
  ['fake shop z', ['zero']],
  ['status --data s', ['shop']],
  ['status blog ', ['news', 'shop']],
  ['graph s', ['shop']],
  ['graph --format ', ['dot', 'mermaid', 'text']],
  ['recover --ass', ['--assume']],
  ['recover --assume n', ['not-applied']],
  ['status --ch', ['--check']],
  ['history ', []],
  ['completion ', ['bash', 'fish', 'powershell', 'zsh']],
]

const wordsOf = (line: string) => line.split(' ')

describe('bash', () => {
  it.each(CASES)('%s', (line, offered) => {
    expect(bash(wordsOf(line)).sort()).toEqual(offered)
    expect(existsSync(join(project, 'shop', 'pwned'))).toBe(false)
  })

  it('parts --flag=value, and takes the project of --project', () => {
    expect(bash(['graph', '--format', '=', 'm'])).toEqual(['mermaid'])
    expect(bash(['mark', 'applied', '--project', project, 's'], folder)).toEqual(['shop'])
    expect(bash(['mark', 'applied', 's'], folder)).toEqual([])
    expect(bash(['status', '--project', join(folder, 'my')])).toEqual([project])
  })

  it('does not search what is no app: thirty apps beside five hundred packages', () => {
    const large = join(folder, 'large')
    files(large, { 'manage.py': '' })
    for (let app = 0; app < 30; app++) {
      for (const part of ['templates/x', 'static/css', 'tests', 'management/commands', 'api/v1'])
        mkdirSync(join(large, `apps/app${app}`, part), { recursive: true })
      for (let number = 1; number <= 30; number++) files(large, { [`apps/app${app}/migrations/00${number}_step.py`]: '' })
    }
    for (let number = 0; number < 500; number++) mkdirSync(join(large, 'frontend/node_modules', `package${number}`, 'lib'), { recursive: true })
    const code = `source '${scriptFile('bash')}'; COMP_WORDS=(migstate rerun app7 ''); COMP_CWORD=3; TIMEFORMAT=%R
      for round in 1 2 3 4 5 6 7; do time _migstate; done; echo "\${#COMPREPLY[@]}"`
    const shell = spawnSync('bash', ['--norc', '-c', code], { cwd: large, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } })
    expect(shell.stdout.trim()).toBe('30')
    expect(Math.min(...shell.stderr.trim().split('\n').map(Number))).toBeLessThan(1)
  })
})

describe.skipIf(!installed('fish'))('fish, where it is installed', () => {
  it.each(CASES)('%s', (line, offered) => {
    expect(fish(line).sort()).toEqual(offered)
    expect(existsSync(join(project, 'shop', 'pwned'))).toBe(false)
  })

  it('takes --flag=value, and the project of --project', () => {
    expect(fish('graph --format=m')).toEqual(['--format=mermaid'])
    expect(fish(`rerun --project ${root}/examples/shop shop 0001`)).toEqual(['0001_initial'])
  })
})

describe.skipIf(!installed('zsh'))('zsh, where it is installed', () => {
  it.each([
    ['mark ', 'applied *unapplied *-- Un-record'],
    ['mark applied ', 'blog *news *shop'],
    ['mark applied shop ', '0001_initial *0002_data'],
    ['rerun shop.', 'shop.0001_initial *shop.0002_data'],
    ['plan shop ', '0002_data *zero'],
    ['status --c', '--check *-- Exit 3'],
    ['graph --format=', 'dot *mermaid *text'],
    ['completion ', 'bash *fish *powershell *zsh'],
  ])('%s', (line, awaited) => {
    const shown = zsh(`migstate ${line}`, awaited)
    expect(shown).not.toContain('touch')
    expect(shown).not.toContain('0001_no')
  })
})

describe('every script', () => {
  const classes = Object.entries(import.meta.glob<{ default: Command.Class }>('../../commands/**/*.ts', { eager: true })).map(
    ([path, module]) => [path.replace('../../commands/', '').replace('.ts', '').split('/'), module.default] as const,
  )

  it.each(SHELLS)('%s knows every command of the folder, and its flags', (shell) => {
    expect(classes.length).toBeGreaterThan(10)
    for (const [words, command] of classes) {
      const flags = Object.keys(command.flags ?? {}).map((name) => `--${name}`)
      for (const text of [words.join(' '), ...flags]) expect(scripts[shell]).toContain(text)
      if (shell === 'bash') expect(bash([...words, '--']).sort()).toEqual([...flags, '--help'].sort())
    }
  })

  it('is nothing but text of the shell: no path of this machine, no colour', () => {
    for (const shell of SHELLS) {
      expect(scripts[shell]).not.toContain(root)
      expect(scripts[shell]).not.toContain('\u001b')
    }
  })

  it('PowerShell: strings and brackets are closed, and nothing in a description is a variable', () => {
    const bare = scripts.powershell.replace(/#.*$/gm, '').replace(/"[^"]*"|'(?:[^']|'')*'/g, 'S')
    for (const [open, close] of ['{}', '()', '[]']) expect(bare.split(open as string).length).toBe(bare.split(close as string).length)
    expect(bare).not.toContain("'")
    expect(scripts.powershell).toContain('Register-ArgumentCompleter -Native -CommandName migstate, migstate.cmd, migstate.ps1')
    expect(scripts.powershell).toContain("New-MigstateResult '--check' 'Exit 3 when")
    expect(scripts.powershell).toContain("New-MigstateResult '--ask-django' 'Start the project''s Python once")
  })

  it('another shell is wrong usage', async () => {
    for (const argv of [['completion', 'tcsh'], ['completion']]) {
      const result = await built([...argv, '--json'])
      expect(result.exitCode).toBe(2)
      expect((await built(argv)).stderr).toContain('[usage]')
    }
  })
})
