#!/usr/bin/env node
// "npm run fuzz -- --minutes 60 --seed 1000": reads generated hostile projects for as long as that, and says which it could not answer.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { checkNode, ensurePackages, root } from './bootstrap.js'

checkNode()
await ensurePackages()
const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'test', 'fuzz', 'main.ts'), ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
child.on('close', (status) => {
  process.exitCode = status ?? 1
})
