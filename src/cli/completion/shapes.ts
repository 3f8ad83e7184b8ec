import type { Command } from '@oclif/core/command'
import type { Config } from '@oclif/core/config'

/** What follows a flag. */
export type Takes = 'nothing' | 'text' | 'folder' | 'file'

export interface FlagShape {
  name: string
  char: string | undefined
  description: string
  takes: Takes
  /** The fixed values, if it has some. */
  values: readonly string[]
}

export interface CommandShape {
  /** As typed: `mark applied`. */
  words: string
  summary: string
  flags: FlagShape[]
  /** What its arguments are. */
  names: 'migrations' | 'apps' | null
  /** Any number of them. */
  several: boolean
  /** Takes "zero" as the name of a migration. */
  zero: boolean
  /** Fixed words as its first argument. */
  values: readonly string[]
}

/** Flags that exactly the same commands have. */
export interface FlagGroup {
  commands: string[]
  flags: FlagShape[]
}

export interface Shapes {
  commands: CommandShape[]
  /** First words: commands and topics. */
  first: { word: string; summary: string }[]
  /** Second words, by topic. */
  topics: { topic: string; words: { word: string; summary: string }[] }[]
  groups: FlagGroup[]
}

const HELP: FlagShape = { name: 'help', char: 'h', description: 'Show help', takes: 'nothing', values: [] }

/** All that the scripts need to know, read from the command classes. */
export function shapesOf(config: Config): Shapes {
  const commands = config.commands
    .filter(({ hidden }) => !hidden)
    .map(commandShape)
    .sort((left, right) => (left.words < right.words ? -1 : 1))
  const topicNames = [...new Set(commands.flatMap(({ words }) => (words.includes(' ') ? [words.slice(0, words.indexOf(' '))] : [])))]
  const topics = topicNames.map((topic) => ({
    topic,
    words: commands.filter(({ words }) => words.startsWith(`${topic} `)).map(({ words, summary }) => ({ word: words.slice(topic.length + 1), summary })),
  }))
  const described = (name: string) => config.topics.find((topic) => topic.name === name)?.description ?? ''
  const first = [
    ...commands.filter(({ words }) => !words.includes(' ')).map(({ words, summary }) => ({ word: words, summary })),
    ...topicNames.filter((name) => !commands.some(({ words }) => words === name)).map((word) => ({ word, summary: short(described(word)) })),
  ]
  return { commands, first: first.sort((left, right) => (left.word < right.word ? -1 : 1)), topics, groups: groupsOf(commands) }
}

function commandShape(command: Command.Loadable): CommandShape {
  const usage = [command.usage ?? []].flat().join(' ')
  const args = Object.values(command.args)
  const has = (name: string) => args.some((arg) => arg.name === name) || new RegExp(`\\b${name.toUpperCase()}\\b`).test(usage)
  return {
    words: command.id.replaceAll(':', ' '),
    summary: short(command.summary ?? command.description ?? ''),
    flags: [HELP, ...Object.values(command.flags).flatMap((flag) => (flag.hidden || flag.name === HELP.name ? [] : [flagShape(flag)]))],
    names: has('migration') ? 'migrations' : has('app') ? 'apps' : null,
    several: command.strict === false,
    zero: /\bzero\b/.test([usage, ...args.map(({ description }) => description ?? '')].join(' ')),
    values: args[0]?.options ?? [],
  }
}

function flagShape(flag: Command.Flag.Cached): FlagShape {
  const { name, char, description = '', summary } = flag
  const isOption = flag.type === 'option'
  return {
    name,
    char,
    description: short(summary ?? description),
    takes: isOption ? takes(flag.helpValue) : 'nothing',
    values: (isOption && flag.options) || [],
  }
}

function takes(helpValue: string | string[] | undefined): Takes {
  const [word] = [helpValue ?? ''].flat()
  if (word === 'DIR') return 'folder'
  return word === 'PATH' || word === 'FILE' || word === 'CMD' ? 'file' : 'text'
}

/** The first sentence, for a line of a list. */
function short(text: string): string {
  return (text.split(/[.;](?:\s|$)/)[0] as string).replace(/\s+/g, ' ').trim()
}

/** Most flags are shared: each is written once, for the commands that have it just so. */
function groupsOf(commands: readonly CommandShape[]): FlagGroup[] {
  const owners = new Map<string, { flag: FlagShape; commands: string[] }>()
  for (const { words, flags } of commands)
    for (const flag of flags) {
      const key = JSON.stringify(flag)
      owners.set(key, { flag, commands: [...(owners.get(key)?.commands ?? []), words] })
    }
  const groups = new Map<string, FlagGroup>()
  for (const { flag, commands } of owners.values()) {
    const group = groups.get(commands.join()) ?? { commands, flags: [] }
    group.flags.push(flag)
    groups.set(commands.join(), group)
  }
  return [...groups.values()]
}

export interface FlagValues {
  /** `graph --format`: the command and the flag. */
  at: string[]
  values: readonly string[]
}

/** The flags with fixed values, by command; those with the same values together. */
export function fixedValues({ commands }: Shapes): FlagValues[] {
  const found = new Map<string, FlagValues>()
  for (const { words, flags } of commands)
    for (const { name, values } of flags)
      if (values.length > 0) {
        const entry = found.get(values.join()) ?? { at: [], values }
        entry.at.push(`${words} --${name}`)
        found.set(values.join(), entry)
      }
  return [...found.values()]
}

/** The flags that take such a value, as typed. */
export function flagsThatTake(kinds: readonly Takes[], { commands }: Shapes): string[] {
  const flags = commands.flatMap((command) => command.flags).filter((flag) => kinds.includes(flag.takes))
  return [...new Set(flags.flatMap(({ name, char }) => [`--${name}`, ...(char ? [`-${char}`] : [])]))].sort()
}

/** The commands whose arguments are such names. */
export function commandsWith(test: (command: CommandShape) => boolean, { commands }: Shapes): string[] {
  return commands.filter(test).map(({ words }) => words)
}
