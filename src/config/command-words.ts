import { MigstateError } from '../errors/index.js'

/**
 * Splits a command into words without a shell: quotes and backslashes group, nothing is expanded.
 * @throws MigstateError `usage` for an unclosed quote
 */
export function splitWords(command: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let quote: '"' | "'" | undefined
  for (let index = 0; index < command.length; index++) {
    const char = command[index] as string
    if (quote) {
      if (char === quote) quote = undefined
      else if (char === '\\' && quote === '"' && /["\\]/.test(command[index + 1] ?? '')) word = (word ?? '') + command[++index]
      else word = (word ?? '') + char
    } else if (char === '"' || char === "'") {
      quote = char
      word ??= ''
    } else if (char === '\\' && index + 1 < command.length) word = (word ?? '') + command[++index]
    else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + char
  }
  if (quote) throw new MigstateError('usage', `The command ${command} has an unclosed ${quote}.`)
  if (word !== undefined) words.push(word)
  return words
}
