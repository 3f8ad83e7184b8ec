import { createInterface } from 'node:readline'
import type { Config, Redactor } from '../config/index.js'
import { MigstateError } from '../errors/index.js'
import { clean, cleanLine } from '../render/clean.js'
import { proseWidth } from '../render/page.js'
import { renderQuestion } from '../render/question.js'
import { cut, widthOf, wrap } from '../render/wrap.js'
import type { Interaction, Waiting } from '../api/interaction.js'
import { pageOn, put } from './output.js'
import { openSpinner } from './spinner.js'

/** What no verb needs. */
interface TerminalOnly {
  /** Notes of questions that a person has answered with yes: they are not said a second time. */
  weighed: ReadonlySet<string>
  /** `-v`: a statement of SQL, on a line of its own. */
  statement(sql: string): void
  /** What may be left alone at any time: nothing is changed in it. @throws MigstateError `interrupted` */
  unlessInterrupted<T>(work: Promise<T>): Promise<T>
  clear(): void
  close(): void
}

/** A statement that writes many rows is cut here. */
const LONGEST_STATEMENT = 400

/** The person at the terminal: questions and progress on stderr, Ctrl-C counted. No secret that `redactor` knows is shown. */
export function openTerminal(config: Config, yes: boolean, redactor: Redactor): Interaction & TerminalOnly {
  const page = pageOn(process.stderr, config)
  const controller = new AbortController()
  const handlers = new Set<(count: number) => void>()
  const weighed = new Set<string>()
  let interrupts = 0
  const onSignal = () => {
    interrupts++
    controller.abort()
    for (const handler of handlers) handler(interrupts)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, onSignal)
  const spins = process.stderr.isTTY === true && !config.quiet && !config.json
  const spinner = openSpinner(spins)
  const canAsk = !config.json && process.stdin.isTTY === true && process.stderr.isTTY === true
  const say = (line: string) => {
    if (config.quiet) return
    spinner.freshLine()
    spinner.around(`${wrap(clean(redactor.text(line)), proseWidth(page))}\n`)
  }
  let lastTold = 0
  let toldHolder = ''
  /** A holder for whom the line has no room is said above it, once. */
  const inOneLine = (state: Waiting) => {
    const line = waitingLine(state)
    if (state.holder === null || config.quiet || widthOf(line) + 3 <= page.width) return line
    // How long it has been idle changes with each look.
    const holder = state.holder.replaceAll(/\b\d+ s\b/g, '')
    if (holder !== toldHolder) say(`${state.what[0]?.toUpperCase()}${state.what.slice(1)} is held by ${state.holder}.`)
    toldHolder = holder
    return waitingLine({ ...state, holder: null })
  }
  return {
    canAsk,
    weighed,
    signal: controller.signal,
    say,
    progress: (line) => spinner.show(line === null ? null : redactor.text(line)),
    waiting(state) {
      if (state === null) return spinner.show(null)
      if (spins) return spinner.show(inOneLine(state))
      // Where nothing can change in place, a line now and then.
      if (Date.now() - lastTold < 10_000) return
      lastTold = Date.now()
      say(`${waitingLine(state)} …`)
    },
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
      if (!canAsk) throw new MigstateError('needs-yes', `${question.title}: there is nobody to ask${config.json ? ' with --json' : ' without a terminal'}.`)
      spinner.freshLine()
      put(process.stderr, `${renderQuestion(redactor.data(question), page)}\n`)
      if (await ask(`${question.ask} [y/N] `, controller.signal)) {
        for (const note of question.notes) weighed.add(note)
        return 'person'
      }
      throw new MigstateError('declined', 'Not run.')
    },
    async choose(options, question) {
      spinner.freshLine()
      for (const [index, option] of redactor.data([...options]).entries())
        put(process.stderr, `${wrap(`${page.strong(String(index + 1).padStart(2))}  ${cleanLine(option)}`, proseWidth(page), '    ')}\n`)
      return choose(`${question} [numbers, or all] `, options.length, controller.signal)
    },
    statement(sql) {
      spinner.freshLine()
      spinner.around(
        `${page.weak(
          cut(
            cleanLine(
              redactor
                .text(sql)
                .slice(0, 2 * LONGEST_STATEMENT)
                .replaceAll(/\s+/g, ' ')
                .trim(),
            ),
            LONGEST_STATEMENT,
          ),
        )}\n`,
      )
    },
    async unlessInterrupted(work) {
      let leave = () => {}
      const interrupted = new Promise<never>((_resolve, reject) => {
        leave = () => reject(new MigstateError('interrupted', 'Interrupted.'))
        if (controller.signal.aborted) leave()
        controller.signal.addEventListener('abort', leave)
      })
      try {
        return await Promise.race([work, interrupted])
      } finally {
        controller.signal.removeEventListener('abort', leave)
      }
    },
    clear: () => spinner.show(null),
    close() {
      spinner.show(null)
      spinner.freshLine()
      for (const signal of signals) process.off(signal, onSignal)
    },
  }
}

function waitingLine({ what, holder, elapsedMs, limitMs }: Waiting): string {
  // The time first: a narrow terminal cuts the end.
  const seconds = Math.round(elapsedMs / 1000)
  const time = limitMs === null ? `${seconds} s so far` : `${seconds} of ${Math.round(limitMs / 1000)} s`
  return `Waiting (${time}) for ${what}${holder === null ? '' : `, held by ${holder}`}`
}

/** Yes or no, nothing else; an empty line and the end of input are no. @throws MigstateError `interrupted` on Ctrl-C */
async function ask(question: string, signal: AbortSignal): Promise<boolean> {
  for (;;) {
    const answer = await readAnswer(question, signal)
    if (/^\s*(n|no)?\s*$/i.test(answer)) return false
    if (/^\s*y(es)?\s*$/i.test(answer)) return true
    put(process.stderr, 'Please answer y for yes or n for no.\n')
  }
}

/** Numbers with blanks or commas between, or `all`. @throws MigstateError `declined` for an empty line and the end of input */
async function choose(question: string, count: number, signal: AbortSignal): Promise<number[]> {
  for (;;) {
    const answer = (await readAnswer(question, signal)).trim()
    if (answer === '') throw new MigstateError('declined', 'Nothing was chosen.')
    if (/^all$/i.test(answer)) return [...Array(count).keys()]
    const picked = answer.split(/[\s,]+/).map(Number)
    if (picked.every((one) => Number.isInteger(one) && one >= 1 && one <= count)) return [...new Set(picked)].map((one) => one - 1)
    put(process.stderr, `Please answer with numbers from 1 to ${count}, or all.\n`)
  }
}

function readAnswer(question: string, signal: AbortSignal): Promise<string> {
  const readline = createInterface({ input: process.stdin, output: process.stderr })
  return new Promise((resolve, reject) => {
    let settled = false
    const settle = (end: () => void) => {
      if (settled) return
      settled = true
      signal.removeEventListener('abort', interrupt)
      end()
      readline.close()
    }
    const interrupt = () =>
      settle(() => {
        put(process.stderr, '\n')
        reject(new MigstateError('interrupted', 'Interrupted at the question.'))
      })
    readline.on('SIGINT', interrupt)
    signal.addEventListener('abort', interrupt)
    // The end of input, Ctrl-D: nobody has said yes.
    readline.on('close', () =>
      settle(() => {
        put(process.stderr, '\n')
        resolve('')
      }),
    )
    readline.question(question, (answer) => settle(() => resolve(answer)))
  })
}
