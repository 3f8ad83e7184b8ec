import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..', '..')

/** The ladder is checked by a tool, and the tool is checked here: planted mistakes must make it fail. */
describe('the import ladder', { timeout: 120_000 }, () => {
  let copy: string
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'migstate-lint-'))
    for (const name of ['src', 'commands', 'tsconfig.json', 'package.json', '.dependency-cruiser.cjs'])
      cpSync(join(root, name), join(copy, name), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  })
  afterAll(() => rmSync(copy, { recursive: true, force: true }))

  const cruise = () => {
    const result = spawnSync(
      process.execPath,
      [join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs'), '--config', '.dependency-cruiser.cjs', 'src', 'commands'],
      { cwd: copy, encoding: 'utf8' },
    )
    return { status: result.status, output: result.stdout + result.stderr }
  }
  const plant = (file: string, text: string) => writeFileSync(join(copy, file), text, { flag: 'a' })

  it('holds', () => {
    expect(cruise()).toMatchObject({ status: 0 })
  })

  const planted: [name: string, file: string, text: string, rule: string][] = [
    ['a cycle', 'src/errors/catalogue.ts', "import { MigstateError } from './migstate-error.js'\nexport const planted = MigstateError\n", 'no-cycles'],
    [
      'files that know the database',
      'src/django/version.ts',
      "import { openDatabase } from '../database/index.js'\nexport const planted = openDatabase\n",
      'ladder-django',
    ],
    ['a driver outside its room', 'src/api/plan.ts', "import knex from 'knex'\nexport const planted = knex\n", 'drivers'],
    ['a process outside its room', 'src/api/plan.ts', "import { spawn } from 'node:child_process'\nexport const planted = spawn\n", 'processes'],
    ['oclif in the library', 'src/api/plan.ts', "import { Command } from '@oclif/core'\nexport const planted = Command\n", 'oclif'],
    [
      'impure migrations',
      'src/migrations/key.ts',
      "import { openDatabase } from '../database/index.js'\nexport const planted = openDatabase\n",
      'ladder-migrations',
    ],
    ['a command that imports a command', 'commands/plan.ts', "import Status from './status.js'\nexport const planted = Status\n", 'ladder-commands'],
  ]

  describe('is seen where it is broken', () => {
    let result: ReturnType<typeof cruise>
    beforeAll(() => {
      for (const [, file, text] of planted) plant(file, text)
      result = cruise()
    })

    it.each(planted)('%s is found', (_name, file, _text, rule) => {
      expect(result.status).not.toBe(0)
      expect(result.output.split('\n').filter((line) => line.includes(rule) && line.includes(file))).not.toEqual([])
    })
  })
})
