import type { SyntaxNode } from '@lezer/common'
import { payCopy, payScan } from '../budget.js'
import type { Interpreter } from './interpreter.js'
import type { Unknown, Value } from './value.js'

/** Any number of values, of which nothing is known. */
export function anyNumber(unknown: Unknown): Unknown {
  return { ...unknown, isSpread: true }
}

/** Somewhere in it there may be more: its length and what stands at a place are not known. */
export function hasGap(items: readonly Value[]): boolean {
  return items.some((item) => item.kind === 'unknown' && item.isSpread === true)
}

/**
 * What a collection has at least, after a block that cannot be followed and that only adds to it.
 * @returns undefined where the block may do anything else with it
 */
export function floorOf(py: Interpreter, block: SyntaxNode, name: string, value: Value | undefined, reason: string): Value | undefined {
  if (!value) return undefined
  if (value.kind === 'either') {
    const options = value.options.map((option) => floorOf(py, block, name, option, reason))
    return options.every((one) => one !== undefined) ? { kind: 'either', dependsOn: value.dependsOn, options } : undefined
  }
  if (!('items' in value) || !onlyAdds(py.text(block), name)) return undefined
  payCopy(value.items.length)
  return { ...value, items: [...value.items, anyNumber(py.unknown(block, reason))] }
}

/** Behind the name: methods that add or look, `+=`, a subscript that is read. */
const ADDS = /^(?:\.(?:append|extend|insert|add|index|count|copy)\(|\s*\+=|\[[^\]=]{0,80}\](?!\s*(?:=(?!=)|\.|\[|[-+|*]=))|\s*=\s*(\w+)\s*\+(?!=))/

/** Every mention of the name adds to what it holds, or looks at it. A mention in a text or a comment counts as one: then less is claimed. */
function onlyAdds(text: string, name: string): boolean {
  payScan(8 * text.length)
  if (new RegExp(`\\bdel\\b[^\\n]*\\b${name}\\b|\\bfor\\b[^\\n:]*\\b${name}\\b[^\\n:]*\\bin\\b`).test(text)) return false
  for (const found of text.matchAll(new RegExp(`(?<![\\w.])${name}(?!\\w)`, 'g'))) {
    const rest = text.slice(found.index + name.length, found.index + name.length + 120)
    const before = text.slice(Math.max(0, found.index - 40), found.index)
    const added = ADDS.exec(rest)
    if (added) {
      if (added[1] === undefined || added[1] === name) continue
      return false
    }
    // `x in NAME`, `len(NAME)`, `global NAME`, and the second name of `NAME = NAME + x`.
    if (/\bin\s+$|\blen\(\s*$|\bglobal\s+$/.test(before) && !/^\s*[.[=(]/.test(rest)) continue
    if (new RegExp(`(?<![\\w.])${name}\\s*=\\s*$`).test(before) && /^\s*\+/.test(rest)) continue
    return false
  }
  return true
}
