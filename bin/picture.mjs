#!/usr/bin/env node
// "npm run picture": docs/terminal.svg, drawn from a real run in a terminal of 80 columns on a copy of examples/shop.
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildCli, checkNode, ensurePackages, giveUp, root, say } from './bootstrap.mjs'
import { ensureDjango, findPythons } from './django-env.mjs'

const [COLUMNS, CELL, LINE, MARGIN] = [80, 8.43, 19, 24]
const COLOURS = { 31: '#f38ba8', 32: '#a6e3a1', 33: '#f9e2af' }

/** What is typed, and what is answered. */
const SESSION = [
  { words: 'status shop' },
  { words: 'plan' },
  { words: 'mark applied shop.0003 --reason "its row was lost"', keys: 'y\r' },
  { words: 'plan' },
  { words: 'rollback --yes' },
]

checkNode()
await ensurePackages()
await buildCli()
const django = await ensureDjango({ version: '5.2', packages: ['psycopg2-binary'], pythons: findPythons(), variant: 'demo' })
if (django.missing) giveUp(`The picture has no Django: ${django.missing}.`)
const shop = join(mkdtempSync(join(tmpdir(), 'migstate-picture-')), 'shop')
try {
  cpSync(join(root, 'examples', 'shop'), shop, { recursive: true })
  manage('migrate', '--verbosity', '0')
  manage(
    'shell',
    '--verbosity',
    '0',
    '-c',
    'from django.db import connection; connection.cursor().execute("DELETE FROM django_migrations WHERE name = \'0003_fill_slugs\'")',
  )
  let shown = ''
  for (const { words, keys } of SESSION) shown += `\u001b[1m$ migstate ${words}\u001b[22m\n${await runInTerminal(words, keys)}\n`
  writeFileSync(join(root, 'docs', 'terminal.svg'), draw(shown.replaceAll(shop, '/srv/shop').replaceAll(` on ${hostname()} `, ' on web-1 ')))
  say('docs/terminal.svg is drawn.')
} finally {
  rmSync(join(shop, '..'), { recursive: true, force: true })
}

function manage(...words) {
  const result = spawnSync(django.python, ['manage.py', ...words], { cwd: shop, encoding: 'utf8' })
  if (result.status !== 0) giveUp(`manage.py ${words[0]} failed:\n${result.stderr}`)
}

function runInTerminal(words, keys) {
  const argv = words.match(/"[^"]*"|\S+/g).map((word) => word.replaceAll('"', ''))
  const program = [process.execPath, join(root, 'bin', 'run.js'), ...argv]
  const env = { ...process.env, VIRTUAL_ENV: django.home, TERM: 'xterm-256color', MIGSTATE_ACTOR: 'maria' }
  for (const name of ['NO_COLOR', 'FORCE_COLOR', 'MIGSTATE_URL', 'DJANGO_SETTINGS_MODULE']) delete env[name]
  const child = spawn('python3', [join(root, 'test', 'support', 'terminal.py'), '24', String(COLUMNS), ...program], {
    cwd: shop,
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    output += chunk
    if (keys !== undefined && output.includes('[y/N]')) {
      child.stdin.write(keys)
      keys = undefined
    }
  })
  return new Promise((done) => child.on('close', () => done(output.replaceAll('\r', ''))))
}

function draw(text) {
  const lines = text.trimEnd().split('\n')
  const [width, height] = [Math.ceil(COLUMNS * CELL + 2 * MARGIN), lines.length * LINE + 2 * MARGIN + 20]
  const state = { bold: false, weak: false, colour: undefined }
  const rows = lines.map((line, index) => `<text x="${MARGIN}" y="${MARGIN + 30 + index * LINE}" xml:space="preserve">${spans(line, state)}</text>`)
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="A terminal session with migstate">
<style>text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #cdd6f4 } .b { font-weight: 700 } .w { fill: #9399b2 }</style>
<rect width="${width}" height="${height}" rx="10" fill="#1e1e2e"/>
${['#f38ba8', '#f9e2af', '#a6e3a1'].map((colour, index) => `<circle cx="${MARGIN + index * 20}" cy="20" r="6" fill="${colour}"/>`).join('')}
${rows.join('\n')}
</svg>
`
}

/** Colours of ECMA-48 as spans, carried over from line to line; anything else that begins with an escape is left out. */
function spans(line, state) {
  let drawn = ''
  for (const [token] of line.matchAll(/\u001b\[[0-9;?]*[A-Za-z]|[^\u001b]+/g)) {
    const code = /^\u001b\[(\d+)m$/.exec(token)?.[1]
    if (code !== undefined) {
      if (code === '1') state.bold = true
      else if (code === '2') state.weak = true
      else if (code === '22') Object.assign(state, { bold: false, weak: false })
      else state.colour = COLOURS[code]
    } else if (!token.startsWith('\u001b')) {
      const { colour } = state
      const classes = [state.bold && 'b', state.weak && 'w'].filter(Boolean).join(' ')
      const attributes = `${classes ? ` class="${classes}"` : ''}${colour ? ` fill="${colour}" style="fill:${colour}"` : ''}`
      const escaped = token.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
      drawn += attributes ? `<tspan${attributes}>${escaped}</tspan>` : escaped
    }
  }
  return drawn
}
