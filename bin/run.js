#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const bundle = join(root, 'dist', 'cli.cjs')
if (existsSync(bundle)) await createRequire(import.meta.url)(bundle).run(process.argv.slice(2), root)
else {
  process.stderr.write('migstate is not built yet. Run "npm run build" first.\n')
  process.exitCode = 1
}
