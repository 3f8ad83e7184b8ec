import type { SyntaxNode } from '@lezer/common'
import { readArguments } from './calls.js'
import { forgetAll } from './forgetting.js'
import { type Interpreter, isCaught, Raised } from './interpreter.js'
import { type Scope, string } from './value.js'

/** Where split-settings itself keeps, in the names of the settings, what runs and what has run. */
const [RUNNING, DONE] = ['__included_file__', '__included_files__']

/** split-settings: `include("base.py", optional("local.py"))` runs the files in the names of this one, each once. @returns false for any other call */
export function include(py: Interpreter, { node, name, argumentList }: { node: SyntaxNode; name: string; argumentList: SyntaxNode }, scope: Scope): boolean {
  if (py.host.includes(name, [], py.file.file) === null) return false
  const { args } = readArguments(py, argumentList, scope)
  const files = py.host.includes(
    name,
    args.map((arg) => py.resolve(arg)),
    py.file.file,
  )
  if (files === null) return false
  for (const file of files) {
    if (file === null) forgetAll(py, node, scope, 'what include() brings cannot be followed')
    else if (typeof file === 'string') runOnce(py, node, file, scope)
    else missing(py, node, file.missing, scope)
  }
  return true
}

function runOnce(py: Interpreter, node: SyntaxNode, file: string, scope: Scope): void {
  const done = scope.names.get(DONE)
  const before = done?.kind === 'list' ? done.items : []
  if (before.some((one) => one.kind === 'string' && one.value === file)) return
  const saved = scope.names.get(RUNNING)
  scope.names.set(DONE, { kind: 'list', items: [...before, string(file)] })
  scope.names.set(RUNNING, string(file))
  const reason = py.host.runIn(file, scope)
  if (saved) scope.names.set(RUNNING, saved)
  else scope.names.delete(RUNNING)
  if (reason !== null) forgetAll(py, node, scope, `${file}: ${reason}`)
}

/** OSError where something waits for it. */
function missing(py: Interpreter, node: SyntaxNode, path: string, scope: Scope): void {
  const fact = `there is no ${path}`
  if (py.catching.some((clause) => isCaught({ exception: 'OSError' }, clause))) throw new Raised('OSError', fact, py.line(node))
  forgetAll(py, node, scope, `${fact}, and without it Python fails here too`)
}
