#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const start = join(root, 'dist', 'start.cjs')
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < 20 || (major === 20 && minor < 19)) giveUp(`migstate needs Node 20.19 or newer; this is ${process.version}, ${process.execPath}.`)
else if (existsSync(start)) await createRequire(import.meta.url)(start).start(process.argv.slice(2), root)
else giveUp('migstate is not built yet. Run "npm run build" first.')

function giveUp(sentence) {
  process.stderr.write(`${sentence}\n`)
  process.exitCode = 1
}
