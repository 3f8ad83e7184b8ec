#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const start = join(root, 'dist', 'start.cjs')

if (existsSync(start)) await createRequire(import.meta.url)(start).start(process.argv.slice(2), root)
else {
  process.stderr.write('migstate is not built yet. Run "npm run build" first.\n')
  process.exitCode = 1
}
