import { splitWords } from '../../src/config/command-words.js'

/** Commands of ours that a text tells to type: in quotation marks, behind a colon, or alone on a line. */
export function commandsIn(text: string): string[] {
  return [...text.matchAll(/(?:"|: |^ *)(migstate(?: [^"\n]+)?)(?="|$)/gm)].map((match) => (match[1] as string).trim())
}

/** As words of a command line; POSIX quotes as `quoted` writes them. */
export function wordsOf(command: string): string[] {
  return splitWords(command.replaceAll(`'\\''`, `'"'"'`)).slice(1)
}

const WRITES = /^(mark|fake|repair|rerun|run|rollback|recover|uninstall|snapshot restore|snapshot prune)\b/

/** The same command without its effect, where it has one. */
export function harmless(command: string): string[] {
  const words = wordsOf(command)
  return WRITES.test(words.join(' ')) && !words.includes('--help') && !words.includes('--dry-run') ? [...words, '--dry-run'] : words
}
