import type { Config } from '@oclif/core/config'
import { bashScript } from './bash.js'
import { fishScript } from './fish.js'
import { powershellScript } from './powershell.js'
import { shapesOf } from './shapes.js'
import { zshScript } from './zsh.js'

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript, powershell: powershellScript }

export type Shell = keyof typeof SCRIPTS

/** The text that a shell reads once: it starts nothing, and finds the names of apps and migrations by itself. */
export function completionScript(shell: Shell, config: Config): string {
  return SCRIPTS[shell](shapesOf(config))
}
