import type { Interpreter } from '../python/evaluate/interpreter.js'
import { classAttribute, resolutionOrder } from '../python/evaluate/class-attribute.js'
import type { ClassValue, FunctionValue, Value } from '../python/evaluate/value.js'
import { childrenOf } from '../python/grammar/parse.js'

/** Methods that django-configurations calls when it sets up, and the attribute that names a file of variables. */
const HOOKS = ['pre_setup', 'setup', 'post_setup']

/** Whatever may change a setting without saying its name. */
const UNSAID = /\b(?:setattr|delattr|globals|vars|locals|exec|eval)\s*\(|__dict__|[(,=[]\s*(?:cls|self)\s*[,)\]]/

/** @returns the hook of the class that may change the setting, or undefined */
export function hookThatChanges(py: Pick<Interpreter, 'resolve' | 'in'>, owner: ClassValue, name: string): string | undefined {
  if (classAttribute(py, owner, 'DOTENV')) return 'DOTENV'
  const value = classAttribute(py, owner, name)
  return HOOKS.find((hook) =>
    resolutionOrder(py, owner).some((ancestor) => {
      const found = typeof ancestor === 'string' ? undefined : ancestor.scope.names.get(hook)
      return found !== undefined && (found.kind !== 'function' || mayChange(py, { owner, name, value }, found, new Set()))
    }),
  )
}

interface Setting {
  owner: ClassValue
  name: string
  value: Value | undefined
}

function mayChange(py: Pick<Interpreter, 'resolve' | 'in'>, setting: Setting, method: FunctionValue, seen: Set<FunctionValue>): boolean {
  if (seen.has(method)) return false
  if (seen.add(method).size > 50) return true
  const body = childrenOf(method.node).find((part) => part.name === 'Body')
  if (!body) return true
  const text = py
    .in(method.file)
    .text(body)
    .replace(/\bsuper\s*\([^()]*\)/g, 'super()')
  if (UNSAID.test(text) || new RegExp(`\\b${setting.name}\\b`).test(text)) return true
  return [...text.matchAll(/\b(?:cls|self)\.(\w+)/g)].some(([, attribute]) => {
    const other = classAttribute(py, setting.owner, attribute as string)
    // The same list under another name, and other methods.
    return other !== undefined && (other === setting.value || (other.kind === 'function' && mayChange(py, setting, other, seen)))
  })
}
