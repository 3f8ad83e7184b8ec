#!/usr/bin/env node
// "npm run bench": start-up of the built CLI, interleaved with bare Node and with Django in one run. "npm run bench -- reader": big
// projects; "npm run bench -- rerun": what shadow mode costs; "npm run bench -- rehearse": what a rehearsal costs; "npm run bench -- journal": what a long journal costs; "npm run bench -- doctor": what doctor costs over status.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { buildCli, checkNode, ensurePackages, root } from './bootstrap.mjs'

checkNode()
await ensurePackages()
await buildCli()
const [which, ...rest] = ['reader', 'rerun', 'rehearse', 'journal', 'doctor'].includes(process.argv[2])
  ? process.argv.slice(2)
  : ['startup', ...process.argv.slice(2)]
const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'bench', `${which}.ts`), ...rest], { cwd: root, stdio: 'inherit' })
child.on('close', (status) => {
  process.exitCode = status ?? 1
})
