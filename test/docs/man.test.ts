import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { root } from '../support/root.js'

const file = join(root, 'man', 'migstate.1')
const source = readFileSync(file, 'utf8')
const has = (program: string) => spawnSync(program, ['--version']).status === 0

/** What `npm run docs` writes; that it is what the code says is checked beside docs/cli.md. */
describe('man/migstate.1', () => {
  it('is ASCII, and every request in it is one of man(7)', () => {
    expect(source).toMatch(/^[\t\n\x20-\x7e]*$/)
    const requests = new Set([...source.matchAll(/^[.']\s*(\S*)/gm)].map(([, name]) => name))
    expect([...requests].sort()).toEqual(['B', 'BR', 'I', 'PP', 'SH', 'SS', 'TH', 'TP', '\\"', 'br', 'fi', 'nf'].sort())
    expect(source.match(/^\.SH .*/gm)?.slice(0, 4)).toEqual(['.SH NAME', '.SH SYNOPSIS', '.SH DESCRIPTION', '.SH COMMANDS'])
    expect(source).toMatch(/^\.SH NAME\nmigstate \\- \S.*\n\.SH/m)
    expect(source.match(/^\.nf$/gm)?.length).toBe(source.match(/^\.fi$/gm)?.length)
  })

  it.skipIf(!has('groff'))('groff has nothing to say against it', () => {
    const checked = spawnSync('groff', ['-man', '-Tascii', '-ww', '-z', file], { encoding: 'utf8' })
    expect(checked).toMatchObject({ status: 0, stderr: '' })
  })

  it.skipIf(spawnSync('mandoc', ['-T', 'lint', '-W', 'error', file]).error !== undefined)('nor has mandoc', () => {
    expect(spawnSync('mandoc', ['-T', 'lint', '-W', 'error', file], { encoding: 'utf8' })).toMatchObject({ status: 0, stdout: '' })
  })

  describe.skipIf(!has('man'))('as man shows it', () => {
    let page: string
    beforeAll(() => {
      const env = { ...process.env, MANWIDTH: '100', MAN_KEEP_FORMATTING: '', LC_ALL: 'C.UTF-8' }
      page = spawnSync('man', ['-l', file], { encoding: 'utf8', env }).stdout.replaceAll(/.\u0008/g, '')
    })

    it('has every command with its summary and every flag that its help has', () => {
      const help = readFileSync(join(root, 'docs', 'cli.md'), 'utf8')
      const commands = [...help.matchAll(/^## (migstate .*)$/gm)].map(([, name]) => name as string)
      expect(commands.length).toBeGreaterThan(15)
      for (const command of commands) expect(page).toContain(`   ${command}\n`)
      const flags = new Set([...help.matchAll(/^ +(?:-\w, +)?(--[\w-]+)/gm)].map(([, flag]) => flag as string))
      expect(flags.size).toBeGreaterThan(25)
      for (const flag of flags) expect(page).toMatch(new RegExp(`^ +(?:-\\w, )?${flag}\\b`, 'm'))
      expect(page.replaceAll(/\s+/g, ' ')).toContain('"manage.py migrate --fake ..."')
    })

    it('no flag, example or exit code is lost to roff: what is typed can be copied', () => {
      expect(page).toContain('migstate graph --format dot | dot -Tsvg > graph.svg')
      expect(page).toContain('In $PROFILE of PowerShell:')
      expect(page).not.toMatch(/\\[a-z[]|<%/)
      const statuses = page.slice(page.indexOf('EXIT STATUS'), page.indexOf('ENVIRONMENT'))
      for (const code of [0, 1, 2, 3, 4, 5, 6, 7, 8, 130]) expect(statuses).toMatch(new RegExp(`^ +${code} +\\w`, 'm'))
    })
  })
})
