#!/usr/bin/env node
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { existsSync } = require('node:fs')
const { join } = require('node:path')
const { loadBundle } = require('./load.cjs')

const root = join(import.meta.dirname, '..')
const bundle = join(root, 'dist', 'cli.cjs')

// A reader that goes away (`| head`, a lost terminal) must not end a change half-way: what cannot be written is not written.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

// Whatever escapes the program is one line, never a screenful of bundled source.
process.on('uncaughtException', (error) => {
  process.stderr.write(`migstate failed unexpectedly: ${error?.message ?? error}\n${process.argv.includes('-v') ? `${error?.stack}\n` : ''}`)
  process.exit(1)
})

if (existsSync(bundle)) await loadBundle(bundle).exports.run(process.argv.slice(2), root)
else {
  process.stderr.write('migstate is not built yet. Run "npm run build" first.\n')
  process.exitCode = 1
}
