#!/usr/bin/env node
// "npm run conformance -- --worlds 20000 --django all": asks Django itself; "--write" keeps the figures in docs/conformance.md.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { checkNode, ensurePackages, root } from './bootstrap.mjs'

checkNode()
await ensurePackages()
const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'test', 'conformance', 'main.ts'), ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
child.on('close', (status) => {
  process.exitCode = status ?? 1
})
