#!/usr/bin/env node
// "npm run fuzz -- --minutes 60 --seed 1000": reads generated hostile projects for as long as that, and says which it could not answer.
// "npm run fuzz -- --kills --engine mysql --minutes 20": strikes the built program at random moments, and says where it was untrue afterwards.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { checkNode, ensurePackages, root } from './bootstrap.mjs'

checkNode()
await ensurePackages()
const words = process.argv.slice(2)
const program = join(root, 'test', 'fuzz', words.includes('--kills') ? 'kills' : '.', 'main.ts')
const child = spawn(process.execPath, ['--import', 'tsx', program, ...words], {
  cwd: root,
  stdio: 'inherit',
})
child.on('close', (status) => {
  process.exitCode = status ?? 1
})
