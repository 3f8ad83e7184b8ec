import { createInterface } from 'node:readline'
import type { Config } from '../config/index.js'
import { MigstateError } from '../errors/index.js'
import { renderQuestion } from '../render/change.js'
import { clean } from '../render/clean.js'
import { chooseStyle } from '../render/style.js'
import { openSpinner } from './spinner.js'
import type { Interaction } from '../verbs/interaction.js'

/** The person at the terminal: questions and progress on stderr, Ctrl-C counted. */
export function openTerminal(config: Config, yes: boolean): Interaction & { close(): void } {
  const style = chooseStyle(process.stderr.isTTY === true, config.noColor ?? false, process.env)
  const controller = new AbortController()
  const handlers = new Set<(count: number) => void>()
  let interrupts = 0
  const onSignal = () => {
    interrupts++
    controller.abort()
    for (const handler of handlers) handler(interrupts)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, onSignal)
  const spinner = openSpinner(process.stderr.isTTY === true && !config.quiet && !config.json)
  const canAsk = !config.json && process.stdin.isTTY === true && process.stderr.isTTY === true
  return {
    canAsk,
    signal: controller.signal,
    say: (line) => {
      if (config.quiet) return
      spinner.freshLine()
      spinner.around(`${clean(line)}\n`)
    },
    progress: (line) => spinner.show(line),
    stream: (chunk) => {
      // Carriage returns and tabs are layout; anything else a program prints is shown, not obeyed.
      spinner.around(
        chunk
          .split(/(\r|\t)/)
          .map((part) => (part === '\r' || part === '\t' ? part : clean(part)))
          .join(''),
      )
    },
    onInterrupt(handler) {
      handlers.add(handler)
      return () => handlers.delete(handler)
    },
    async confirm(question) {
      if (yes) return 'yes-flag'
      if (!canAsk)
        throw new MigstateError(
          'needs-yes',
          `${question.title}: there is nobody to ask${config.json ? ' with --json' : ' without a terminal'}. Nothing was changed.`,
        )
      process.stderr.write(`${renderQuestion(question, style)}\n`)
      if (await ask(`${question.ask} [y/N] `, controller.signal)) return 'person'
      throw new MigstateError('declined', 'You said no.')
    },
    close() {
      spinner.show(null)
      spinner.freshLine()
      for (const signal of signals) process.off(signal, onSignal)
    },
  }
}

/** Default no. @throws MigstateError `interrupted` on Ctrl-C */
function ask(question: string, signal: AbortSignal): Promise<boolean> {
  const readline = createInterface({ input: process.stdin, output: process.stderr })
  return new Promise((resolve, reject) => {
    const interrupt = () => {
      process.stderr.write('\n')
      reject(new MigstateError('interrupted', 'Interrupted at the question. Nothing was changed.'))
      readline.close()
    }
    readline.on('SIGINT', interrupt)
    signal.addEventListener('abort', interrupt)
    readline.on('close', () => resolve(false))
    readline.question(question, (answer) => {
      signal.removeEventListener('abort', interrupt)
      resolve(/^\s*y(es)?\s*$/i.test(answer))
      readline.close()
    })
  })
}
