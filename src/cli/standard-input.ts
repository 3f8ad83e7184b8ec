import { MigstateError } from '../errors/index.js'

/** Nobody's error text is longer; a log may be. */
const MOST = 4_000_000

/** All of standard input, its end where it is long: errors stand there. @throws MigstateError `usage` in a terminal, where nothing comes */
export async function standardInput(): Promise<string> {
  if (process.stdin.isTTY)
    throw new MigstateError('usage', 'Nothing is piped into this command.', { hint: 'Pipe the text into it, or give it as an argument.' })
  let text = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) text = (text + String(chunk)).slice(-MOST)
  return text
}
