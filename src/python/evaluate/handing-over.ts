import type { SyntaxNode } from '@lezer/common'
import { payLook } from '../budget.js'
import { STANDARD } from '../modules/standard-library.js'
import { forgetAll } from './forgetting.js'
import { replaceEach } from './holders.js'
import type { Interpreter } from './interpreter.js'
import { forgetFields, knownFields } from './object-fields.js'
import { either } from './operators.js'
import { rootOf } from './names.js'
import { isOwnName } from './own-names.js'
import { isMutable, leadsOn, type Scope, type Value } from './value.js'

/** Python's own functions that change what they are given, or run what they are given. */
const CHANGES =
  /^(?:setattr|delattr|vars|next|apply|heapq\.\w+|bisect\.insort\w*|random\.shuffle|operator\.(?:i\w+|setitem|delitem)|_?operator\.\w+|functools\.(?:partial|reduce)|importlib\.reload)(?:\(|$)/

/** Libraries that are known by name rather than by their source, and Django: they leave what they are given as it is. */
const LOOKS = /^(?:django|environ|environs|decouple|dj_database_url|configurations|swapper|split_settings|celery|kombu|dotenv|six|super)(?:[.(]|$)/

/** Whether code that is not read may change what it is given. @param callee its dotted name */
function mayChange(py: Interpreter, callee: string): boolean {
  if (CHANGES.test(callee)) return true
  if (LOOKS.test(callee)) return false
  const [top] = callee.split(/[.(]/, 1) as [string]
  // Python's own functions, and its library.
  return !STANDARD.has(top) && !(isOwnName(top, py.host.python) && !callee.startsWith(`${top}.`))
}

/**
 * What a call that is not followed is given may be another one afterwards: lists, dicts, the names of a module.
 * @param call `isNamed`: what is called goes by the name under which it was imported
 */
export function handOver(py: Interpreter, given: Iterable<Value>, call: { callee: string; isNamed: boolean; node: SyntaxNode; scope: Scope }): void {
  if (!call.isNamed || mayChange(py, call.callee)) for (const one of given) loseSight(py, one, call)
}

/** … whoever it is that has it now. */
export function loseSight(py: Interpreter, value: Value, { callee, node, scope }: { callee: string; node: SyntaxNode; scope: Scope }): void {
  const reason = `${callee}() may change it`
  const seen = new Set<Value>()
  const objects = new Set<Value>()
  const visit = (one: Value, depth: number): void => {
    if (depth > 3 || seen.has(one) || seen.size > 200) return
    seen.add(one)
    payLook(4)
    if (one.kind === 'names' || one.kind === 'module') forgetAll(py, node, one.scope, reason)
    else if (one.kind === 'call') {
      for (const field of knownFields(one)) visit(field, depth + 1)
      forgetFields(one, py.unknown(node, reason))
    } else if (one.kind === 'either') for (const option of one.options) visit(option, depth + 1)
    else if (one.kind === 'unknown') for (const each of one.mayBe ?? []) visit(each, depth + 1)
    else if ('items' in one) for (const item of one.items) visit(item, depth + 1)
    else if (one.kind === 'dict') for (const [, entry] of one.entries) visit(entry, depth + 1)
    if (isMutable(one)) objects.add(one)
  }
  visit(value, 0)
  if (objects.size === 0) return
  const lost = py.unknown(node, reason)
  if (replaceEach(py.liveScopes(scope), objects, (one) => either(reason, [one, lost], lost))) py.host.forgetLookUps()
}

/** Methods that change the list, dict or set whose they are. */
export const CHANGING = /^(?:append|extend|insert|remove|pop|popitem|clear|sort|reverse|update|setdefault|add|discard|\w+_update|__[a-z]+item__|__i[a-z]+__)$/

/** `add = INSTALLED_APPS.append`: whatever has the method may call it. */
export function takeMethod(py: Interpreter, object: Value, name: string, node: SyntaxNode, scope: Scope): void {
  const isHolder = leadsOn(object) || object.kind === 'names'
  if (isHolder && CHANGING.test(name)) loseSight(py, object, { callee: name, node, scope })
  // `inspect.stack()[1][0].f_globals["X"] = 1`: the names of whoever called; a look at one of them changes nothing.
  if (/^f_(?:globals|locals)$/.test(name) && !/^(?:\.get\(|\[[^\]]{0,80}\](?!\s*(?:[-+|*]?=(?!=)|\.|\[)))/.test(behind(py, node)))
    for (const live of new Set([...py.liveScopes(scope)].map(rootOf))) forgetAll(py, node, live, 'its names are handed to other code')
}

function behind(py: Interpreter, { to }: SyntaxNode): string {
  return py.file.source.slice(to, to + 120)
}
