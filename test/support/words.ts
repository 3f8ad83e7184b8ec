/** The words of a command as a POSIX shell would split it: quotes, no expansion. */
export function words(command: string): string[] {
  const found = command.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)
  return [...found].map(([word]) =>
    word.replaceAll(/'([^']*)'|"([^"]*)"/g, (_all, single: string | undefined, double: string | undefined) => single ?? double ?? ''),
  )
}
