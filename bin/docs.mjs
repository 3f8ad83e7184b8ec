// Writes docs/cli.md and man/migstate.1 from the commands' own help, docs/exit-codes.md from the catalogue, docs/cases.md and docs/errors from the tests. "--check" only compares.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Config, Help, settings } from '@oclif/core'
import { casesPage } from './cases.mjs'
import { errorPages } from './errors.mjs'
import { manPage } from './man.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

const FENCE = '```'

export async function generate() {
  const config = await commandsConfig()
  return {
    'docs/cli.md': cliPage(config),
    'docs/exit-codes.md': await exitCodesPage(),
    'docs/cases.md': casesPage(root),
    ...(await pagesOfErrors()),
    'man/migstate.1': manPage(config, MEANINGS),
  }
}

const MEANINGS = {
  1: 'failed; nothing was changed',
  2: 'wrong usage',
  4: 'refused by a safety rule, or declined',
  5: 'the lock was not obtained in time',
  6: 'the rows concerned changed since the plan was made',
  7: 'manage.py did not run the target; the history is as before',
  8: 'an operation is unfinished or its outcome unknown',
  130: 'interrupted; the history is as before',
}

async function commandsConfig() {
  const pjson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  settings.enableAutoTranspile = false
  return Config.load({ root, pjson: { ...pjson, oclif: { ...pjson.oclif, commands: './commands' } }, ignoreManifest: true })
}

function cliPage(config) {
  const help = new Help(config, { stripAnsi: true, maxWidth: 110 })
  const sections = [...config.commands]
    .sort((left, right) => (left.id < right.id ? -1 : 1))
    .map((command) => [`## migstate ${command.id.replaceAll(':', ' ')}`, '', FENCE, plain(help.formatCommand(command)), FENCE].join('\n'))
  return ['# Commands', "Generated from the commands' own help by `npm run docs`.", ...sections].join('\n\n') + '\n'
}

/** Help as on a terminal of fixed width, without colours and without blanks at line ends. */
function plain(text) {
  // oclif wraps at the width of the terminal; OCLIF_COLUMNS fixes it (set below, before oclif reads it).
  return text
    .replaceAll(/\u001b\[[0-9;]*m/g, '')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trim()
}

async function pagesOfErrors() {
  const { PAGES } = await import('../test/errors/pages.ts')
  return errorPages(PAGES)
}

async function exitCodesPage() {
  const { CATALOGUE } = await import('../src/errors/catalogue.ts')
  const rows = Object.entries(MEANINGS).map(([exit, meaning]) => {
    const codes = Object.entries(CATALOGUE).filter(([, entry]) => entry.exit === Number(exit))
    return [
      `## ${exit}: ${meaning}`,
      '',
      '| code | what to do next |',
      '|---|---|',
      ...codes.map(([code, { hint }]) => '| `' + code + '` | ' + hint + ' |'),
    ].join('\n')
  })
  return (
    [
      '# Exit codes and error codes',
      'Generated from the catalogue of errors by `npm run docs`. 0: done, or nothing to do. 3: findings (`status --check`, `plan` when stopped): an answer, not an error.',
      ...rows,
    ].join('\n\n') + '\n'
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of Object.entries(await generate())) {
    const file = join(root, path)
    if (!process.argv.includes('--check')) {
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, text)
    } else if (readFileSync(file, 'utf8') !== text) {
      process.stderr.write(`${path} is not what the code says; run "npm run docs".\n`)
      process.exitCode = 1
    }
  }
}
