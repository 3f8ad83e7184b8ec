import type { SyntaxNode } from '@lezer/common'
import type { Interpreter } from '../evaluate/interpreter.js'
import type { Call, Value } from '../evaluate/value.js'
import { configParserHas, configParserMethod, configParserSection } from './config-parser.js'
import { dataCall } from './data-files.js'
import { folderCall, folderMethod } from './folders.js'
import { jsonCall } from './json-text.js'
import { tellingCall, tellingMethod } from './telling.js'
import { installationCall, installationItem } from './installation.js'
import { metadataAttribute, metadataCall, metadataMethod } from './entry-points.js'

type Arguments = { args: readonly Value[]; keywords: ReadonlyMap<string, Value> }

/** Functions of Python's own library that read files of the project or of its environment. */
export function standardCall(py: Interpreter, name: string, { args, keywords }: Arguments, node: SyntaxNode): Value | undefined {
  return (
    tellingCall(name) ??
    jsonCall(name, args, keywords) ??
    dataCall(py, name, args, keywords, node) ??
    metadataCall(py, name, args, keywords, node) ??
    folderCall(py, name, args, keywords, node) ??
    (keywords.size === 0 ? installationCall(py.host, name, args) : undefined)
  )
}

/** Methods of the objects that they give. */
export function standardMethod(py: Interpreter, object: Value, method: string, { args, keywords }: Arguments, node: SyntaxNode): Value | undefined {
  if (object.kind === 'path') return folderMethod(py.host, object.value, method, args)
  if (object.kind !== 'call' || object.target) return undefined
  return (
    tellingMethod(object, method) ?? configParserMethod(py, object, method, args, keywords, node) ?? metadataMethod(py, object, method, args, keywords, node)
  )
}

export function standardAttribute(object: Call, name: string): Value | undefined {
  return metadataAttribute(object, name) ?? namespaceAttribute(object, name)
}

/** `types.SimpleNamespace(a=1).a` */
function namespaceAttribute({ callee, args, keywords }: Call, name: string): Value | undefined {
  return callee === 'types.SimpleNamespace' && args.length === 0 && !keywords.has('**') ? keywords.get(name) : undefined
}

export function standardSubscript(py: Interpreter, object: Value, key: Value, node: SyntaxNode): Value | undefined {
  if (object.kind !== 'call' || object.target) return undefined
  return (
    configParserSection(py, object, key, node) ?? metadataMethod(py, object, '__getitem__', [key], new Map(), node) ?? installationItem(py.host, object, key)
  )
}

export function standardHas(object: Value, key: Value): boolean | undefined {
  return configParserHas(object, key)
}
