import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { splitWords } from '../../src/config/command-words.js'
import { built, root } from '../support/cli.js'
import { freshDatabase } from '../support/databases.js'
import { djangos, oneDjango, shopProject } from '../support/django.js'

/** The checkout's packages are built for the Node that installed them, and its own commands would install them anew. */
const otherNode = Number.parseInt(process.versions.node, 10) >= 24

const README = readFileSync(join(root, 'README.md'), 'utf8')

/** The lines that a reader would type, in order. */
const commands = [...README.matchAll(/```console\n([\s\S]*?)```/g)].flatMap((block) =>
  (block[1] as string)
    .split('\n')
    .filter((line) => line.startsWith('$ '))
    .map((line) => line.slice(2)),
)

describe('README', () => {
  it('every migstate command works, in order, on the example', async () => {
    const typed = commands.filter((command) => command.startsWith('migstate '))
    expect(typed.length).toBeGreaterThan(8)
    const database = await freshDatabase('sqlite')
    const shop = shopProject(oneDjango as string, database)
    try {
      await shop.manage('migrate', '-v0')
      for (const command of typed) {
        const result = await built(splitWords(command).slice(1), { cwd: shop.folder, env: shop.env })
        expect(result.exitCode, `${command}\n${result.stdout}${result.stderr}`).toBe(0)
      }
    } finally {
      shop.remove()
      await database.drop()
    }
  })

  it('shows the main job in under 30 lines, after the three facts', () => {
    const facts = README.indexOf('Three facts')
    const job = README.indexOf('## The main job')
    const end = README.indexOf('\n## ', job + 1)
    expect(facts).toBeGreaterThan(0)
    expect(facts).toBeLessThan(job)
    expect(README.slice(job, end).split('\n').length).toBeLessThan(30)
  })

  it.skipIf(otherNode)('the demo command does what it says', () => {
    expect(commands).toContain('npm run demo')
    expect(commands).toContain('npm test')
    const folder = mkdtempSync(join(tmpdir(), 'migstate-docs-'))
    const output = execFileSync(process.execPath, [join(root, 'bin', 'demo.mjs')], {
      encoding: 'utf8',
      env: { ...process.env, VIRTUAL_ENV: djangos[oneDjango as string], TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const line of ['$ migstate rerun shop 0003 --yes', 'shop.0003_fill_slugs ran again', "('Blue Hat', 'blue-hat')", '$ migstate history'])
      expect(output).toContain(line)
    rmSync(folder, { recursive: true, force: true })
  })

  it.skipIf(otherNode)('the generated pages are what the code says', () => {
    execFileSync(process.execPath, ['--import', 'tsx', join(root, 'bin', 'docs.mjs'), '--check'], {
      cwd: root,
      env: { ...process.env, OCLIF_COLUMNS: '110' },
      stdio: 'pipe',
    })
  })
})

it('pages that are shipped do not point at the source, which is not', () => {
  const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))
  for (const page of pages) expect(readFileSync(join(root, 'docs', page), 'utf8'), page).not.toMatch(/\bsrc\//)
})

it('every page and picture that the README names is there', () => {
  for (const [, path] of README.matchAll(/\]\(((?!https?:)[^)#]+)/g)) expect(existsSync(join(root, path as string)), path).toBe(true)
})
