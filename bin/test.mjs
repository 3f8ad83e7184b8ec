#!/usr/bin/env node
// "npm test": sets up what the suite needs, then runs it. "npm test -- --db sqlite" runs a subset; other words go to vitest.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { buildCli, checkNode, ensurePackages, root } from './bootstrap.mjs'

checkNode()
await ensurePackages()
await buildCli()
const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'test', 'support', 'run.ts'), ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {})
child.on('close', (status) => {
  process.exitCode = status ?? 1
})
