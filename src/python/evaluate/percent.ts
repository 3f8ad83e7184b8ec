import { payText } from '../budget.js'
import { lookUp } from './keys.js'
import { plainText, string, type Value } from './value.js'

const MAX_WIDTH = 10_000

/** `"%s.%03d" % (a, b)` and `"%(name)s" % {"name": …}`; undefined where a part of it cannot be known. */
export function percent(format: string, value: Value): Value | undefined {
  payText(format.length)
  return value.kind === 'dict' ? percentByName(format, value) : percentInOrder(format, value.kind === 'tuple' ? value.items : [value])
}

function percentInOrder(format: string, items: readonly Value[]): Value | undefined {
  let complete = true
  let next = 0
  const text = format.replace(/%(%|0?\d*[sd]|.?)/g, (_all, kind: string) => {
    if (kind === '%') return '%'
    const item = items[next++]
    const shown = kind === 's' || kind === 'd' ? plainText(item) : padded(item, /^0(\d+)d$/.exec(kind)?.[1])
    complete &&= shown !== undefined
    payText(shown?.length ?? 0)
    return shown ?? ''
  })
  return complete && next >= items.length ? string(text) : undefined
}

function padded(item: Value | undefined, width: string | undefined): string | undefined {
  if (width === undefined || item?.kind !== 'number' || Number(width) > MAX_WIDTH) return undefined
  payText(Number(width))
  return String(item.value).padStart(Number(width), '0')
}

function percentByName(format: string, value: Value): Value | undefined {
  let complete = true
  const text = format.replace(/%(?:\((\w+)\)[sd]|%|.?)/g, (all, name?: string) => {
    if (all === '%%') return '%'
    const shown = name === undefined ? undefined : plainText(lookUp(value, name))
    complete &&= shown !== undefined
    payText(shown?.length ?? 0)
    return shown ?? ''
  })
  return complete ? string(text) : undefined
}
