import type { SyntaxNode } from '@lezer/common'
import { type Interpreter, isCaught, Raised } from './interpreter.js'

/** The import itself, whatever name it is given: it runs the module, and fails where `import` would. */
export function importNow(py: Interpreter, node: SyntaxNode, dotted: string): void {
  expect(py, node, dotted)
  if (py.host.isEager(dotted)) py.host.importModule(dotted, py.file.file, py.isDoubtful)
  passOn(py, node, dotted)
}

/** `import_string("a.b.C")`: ImportError also where the module is there and has no such name. */
export function importedByName(py: Interpreter, node: SyntaxNode, dotted: string): void {
  const at = dotted.lastIndexOf('.')
  if (at > 0) importNow(py, node, dotted.slice(0, at))
  if (!awaits(py, 'ImportError')) return
  const [module, name] = [dotted.slice(0, Math.max(at, 0)), dotted.slice(at + 1)]
  if (at <= 0 || (!py.host.mayHave(module, name) && !py.host.mayImport(dotted))) throw new Raised('ImportError', `there is no ${dotted}`, py.line(node))
}

/** A module that itself ends by an exception: `try: from .dev import *`, where dev.py imports what is not installed. */
export function passOn(py: Interpreter, node: SyntaxNode, module: string): void {
  const failure = py.host.failureOf(module)
  if (!failure || py.isDoubtful) return
  if (py.catching.some((clause) => isCaught(failure, clause))) throw new Raised(failure.exception, failure.message, py.line(node), failure.ancestors)
  py.host.reportFailure(py.file.file, failure)
}

/** Whether something waits for the exception: a module that is not there is a ModuleNotFoundError, a name that a module has not an ImportError. */
export function awaits(py: Interpreter, exception: 'ImportError' | 'ModuleNotFoundError'): boolean {
  return py.catching.some((clause) => isCaught({ exception }, clause))
}

/** ModuleNotFoundError where something waits for it; elsewhere the reader goes on, since it may know less than the real environment. */
export function expect(py: Interpreter, node: SyntaxNode, dotted: string): void {
  if (py.host.mayImport(dotted)) return
  if (awaits(py, 'ModuleNotFoundError')) throw new Raised('ModuleNotFoundError', `No module named '${dotted}'`, py.line(node))
  if (!py.isDoubtful) py.host.reportMissing(dotted, py.file.file, py.line(node))
}
