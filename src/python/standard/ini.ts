import { payText, payValues } from '../budget.js'

/** Sections of an ini file as `configparser` reads it; the names of options are in small letters. */
export type Ini = Map<string, Map<string, string>>

/** What the file is no ini for: configparser raises at it. */
export class BadIni extends Error {}

/**
 * Reads a text into what was read before (library reference, "Supported INI File Structure"): `=` or `:`, whole-line comments, values that
 * go on in indented lines. Inline comments are none by default.
 * @throws BadIni
 */
export function readIni(text: string, into: Ini): void {
  payText(8 * text.length)
  // Where a lone carriage return ends a line depends on how the file was opened.
  if (/\r(?!\n)|^\ufeff/.test(text)) throw new BadIni('it is no ini file that is read')
  const [begun, set] = [new Set<string>(), new Set<string>()]
  let section: Map<string, string> | undefined
  let option: { name: string; indent: number } | undefined
  for (const line of text.split(/\r?\n/)) {
    const trimmed = line.trim()
    if (trimmed.startsWith('#') || trimmed.startsWith(';')) continue
    const indent = line.length - line.trimStart().length
    if (trimmed === '') {
      if (section && option) section.set(option.name, `${section.get(option.name) ?? ''}\n`)
      continue
    }
    if (section && option && indent > option.indent) {
      section.set(option.name, `${section.get(option.name) ?? ''}\n${trimmed}`)
      continue
    }
    payValues(2)
    const head = trimmed.startsWith('[') && trimmed.lastIndexOf(']') > 1 ? trimmed.slice(1, trimmed.lastIndexOf(']')) : undefined
    if (head !== undefined) {
      section = into.get(head) ?? new Map<string, string>()
      into.set(head, section)
      // The parser is strict within one source, and takes what another one had before.
      if (head !== 'DEFAULT' && begun.size === begun.add(head).size) throw new BadIni(`its section [${head.slice(0, 40)}] is there twice`)
      set.clear()
      option = undefined
      continue
    }
    const mark = trimmed.search(/[=:]/)
    if (!section || mark <= 0) throw new BadIni(`it is no ini file at "${trimmed.slice(0, 40)}"`)
    option = { name: trimmed.slice(0, mark).trim().toLowerCase(), indent }
    if (set.size === set.add(option.name).size) throw new BadIni(`its option "${option.name.slice(0, 40)}" is there twice`)
    section.set(option.name, trimmed.slice(mark + 1).trim())
  }
  for (const options of into.values()) for (const [name, value] of options) options.set(name, value.trimEnd())
}

/** The value of an option, that of DEFAULT behind it. */
export function iniOption(ini: Ini, section: string, name: string): string | undefined {
  return ini.get(section)?.get(name.toLowerCase()) ?? ini.get('DEFAULT')?.get(name.toLowerCase())
}

/** `%(name)s` and `%%` of BasicInterpolation; undefined where it cannot be put in. */
export function interpolated(ini: Ini, section: string, value: string, depth = 0): string | undefined {
  if (!value.includes('%')) return value
  if (depth > 10) return undefined
  let complete = true
  payText(value.length)
  const result = value.replace(/%%|%\(([^)]{1,200})\)s|%/g, (all, name?: string) => {
    if (all === '%%') return '%'
    const found = name === undefined ? undefined : iniOption(ini, section, name)
    const put = found === undefined ? undefined : interpolated(ini, section, found, depth + 1)
    complete &&= put !== undefined
    payText(put?.length ?? 0)
    return put ?? ''
  })
  return complete && result.length < 100_000 ? result : undefined
}
