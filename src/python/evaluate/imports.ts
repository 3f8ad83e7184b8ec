import type { SyntaxNode } from '@lezer/common'
import { forgetAll } from './forgetting.js'
import { awaits, expect, importNow, passOn } from './import-outcome.js'
import { type Interpreter, Raised } from './interpreter.js'
import { splitAlias, splitByComma } from './nodes.js'
import { childrenOf } from '../grammar/parse.js'
import type { Scope, Value } from './value.js'

/** `import a.b as c`, `from a import b`, `from a import *`. Names stay references until their values are needed. */
export function runImport(py: Interpreter, node: SyntaxNode, scope: Scope): void {
  const parts = childrenOf(node)
  if (parts[0]?.name === 'from') return fromImport(py, node, parts, scope)
  for (const clause of splitByComma(parts.slice(1))) {
    const [path, alias] = splitAlias(clause.map((part) => py.text(part)))
    const dotted = path.join('')
    importNow(py, node, dotted)
    const [top] = dotted.split('.') as [string]
    scope.set(alias ?? top, { kind: 'reference', name: alias ? dotted : top })
  }
}

function fromImport(py: Interpreter, node: SyntaxNode, parts: readonly SyntaxNode[], scope: Scope): void {
  const at = parts.findIndex((part) => part.name === 'import')
  const source = parts
    .slice(1, at)
    .map((part) => py.text(part))
    .join('')
  const level = /^\.*/.exec(source)?.[0].length ?? 0
  const module = level > 0 ? py.host.resolveRelative(level, source.slice(level), py.file.file) : source
  if (module !== null) expect(py, node, module)
  const names = parts.slice(at + 1).filter((part) => part.name !== '(' && part.name !== ')')
  if (names[0]?.name === '*') return starImport(py, node, source, module, scope)
  if (module !== null && py.host.isEager(module)) py.host.importModule(module, py.file.file, py.isDoubtful)
  if (module !== null) passOn(py, node, module)
  const lost = module !== null && isNowhere(py, module) ? py.unknown(node, `the module ${module} was not found${FAILS_TOO}`) : undefined
  for (const clause of splitByComma(names)) {
    const [path, alias] = splitAlias(clause.map((part) => py.text(part)))
    const name = path.join('')
    const dotted = [module ?? source, name].filter(Boolean).join('.')
    // `try: from .local import X` fails also where the module is there and the name is not.
    if (module !== null && awaits(py, 'ImportError') && py.host.isEager(module)) {
      const imported = py.host.importModule(module, py.file.file)
      if (imported && !imported.names.has(name) && !py.host.mayImport(dotted) && ![...imported.names.keys()].some((key) => key.startsWith('*')))
        throw new Raised('ImportError', `cannot import name '${name}' from '${module}'`, py.line(node))
    }
    if (module !== null && awaits(py, 'ImportError') && !py.host.mayImport(dotted) && !py.host.mayHave(module, name))
      throw new Raised('ImportError', `cannot import name '${name}' from '${module}'`, py.line(node))
    scope.set(alias ?? name, valueNow(py, module, name) ?? lost ?? { kind: 'reference', name: dotted })
  }
}

const FAILS_TOO = ', and without it Python fails here too'

/** A module of a package of the project, which is there, that is not. What Django has is known without its files, also where it lies in the project. */
function isNowhere(py: Interpreter, module: string): boolean {
  return !/^django(\.|$)/.test(module) && py.host.isEager(module.split('.')[0] as string) && !py.host.mayImport(module)
}

/** What a module of the project has now under a plain name: it may set another value later. Functions and classes stay references. */
function valueNow(py: Interpreter, module: string | null, name: string): Value | undefined {
  if (module === null || !py.host.isEager(module)) return undefined
  const value = py.host.importModule(module, py.file.file, py.isDoubtful)?.names.get(name)
  return value && PLAIN.has(value.kind) ? value : undefined
}

const PLAIN: ReadonlySet<Value['kind']> = new Set<Value['kind']>(['string', 'number', 'boolean', 'none', 'list', 'tuple', 'set', 'dict', 'path'])

function starImport(py: Interpreter, node: SyntaxNode, source: string, module: string | null, scope: Scope): void {
  const imported = module === null ? null : py.host.importModule(module, py.file.file, py.isDoubtful)
  if (module !== null) passOn(py, node, module)
  if (!imported) {
    const reason = `"from ${source} import *" was not found${module !== null && isNowhere(py, module) ? FAILS_TOO : ''}`
    forgetAll(py, node, scope, reason)
    scope.set(`*${module ?? source}`, py.unknown(node, reason))
    return
  }
  const all = imported.names.get('__all__')
  const listed = all && 'items' in all ? new Set(all.items.flatMap((item) => (item.kind === 'string' ? [item.value] : []))) : null
  for (const [name, value] of imported.names) if (name.startsWith('*') || (listed ? listed.has(name) : !name.startsWith('_'))) scope.set(name, value)
}
