#!/usr/bin/env node
const { existsSync } = require('node:fs')
const { join } = require('node:path')

const root = join(__dirname, '..')
const start = join(root, 'dist', 'start.cjs')
const [major, minor] = process.versions.node.split('.').map(Number)

const least = 'migstate needs Node 20.19 or newer'

if (major < 20 || (major === 20 && minor < 19)) giveUp('no-node', `${least}; this is ${process.version}, ${process.execPath}.`, 'Start it with a newer Node.')
else if (existsSync(start)) void require(start).start(process.argv.slice(2), root)
else giveUp('internal-error', 'migstate is not built yet.', 'Run "npm run build" first.')

/** There is no program that could say it: in the same form, one document with --json. */
function giveUp(code, message, hint) {
  process.exitCode = 1
  const end = process.argv.indexOf('--')
  if (!process.argv.slice(0, end < 0 ? undefined : end).includes('--json')) return void process.stderr.write(`${message} ${hint}\n`)
  const error = { code, message, hint, exitCode: 1, consequence: 'nothing', details: {} }
  process.stdout.write(`${JSON.stringify({ schemaVersion: 1, command: null, ok: false, error, warnings: [] })}\n`)
}
