#!/usr/bin/env -S node --import tsx
// The CLI from source: commands are found in the folder commands/, nothing is built.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Config, settings } from '@oclif/core'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const pjson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
// tsx compiles; oclif's own look for TypeScript would map the paths a second time.
settings.enableAutoTranspile = false
const config = await Config.load({ root, pjson: { ...pjson, oclif: { ...pjson.oclif, commands: './commands' } }, ignoreManifest: true })
const { main } = await import('../src/cli/main.ts')
await main(process.argv.slice(2), { config, find: async (id) => config.findCommand(id)?.load() })
