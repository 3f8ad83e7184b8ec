#!/usr/bin/env node
// "npm run rehearsals": the data migrations of packages from PyPI, each rehearsed and then really run twice; "--write" puts the table into docs/rehearse.md,
// "--into DIR" keeps each row in DIR when it is there, and goes on from there the next time.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { buildCli, checkNode, ensurePackages, giveUp, root } from './bootstrap.mjs'
import { ensureRehearsed } from './rehearsed-env.mjs'

checkNode()
await ensurePackages()
const { home, missing } = await ensureRehearsed()
if (missing) giveUp(`The site cannot be made: ${missing}.`)
await buildCli()
const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'test', 'conformance', 'rehearsed.ts'), ...process.argv.slice(2)], {
  cwd: root,
  env: { ...process.env, VIRTUAL_ENV: home },
  stdio: 'inherit',
})
child.on('close', (status) => {
  process.exitCode = status ?? 1
})
