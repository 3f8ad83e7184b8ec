import { payText } from '../budget.js'
import type { Host } from '../evaluate/host.js'
import { number, string, type Value } from '../evaluate/value.js'

/** What stands in a URL, as `urllib.parse.urlsplit` parts it: nothing decoded but the query. */
export interface Address {
  /** In small letters. */
  scheme: string
  user: string
  password: string
  /** As it is written, without the brackets of IPv6. */
  host: string
  port: string
  /** Without the slash that ends the host; null where there is none. */
  path: string | null
  /** `parse_qs`: the values of each key, in the order of the keys. */
  query: Map<string, string[]>
  /** Also a query without a value. */
  hasQuery: boolean
}

/** What is said of a URL whose parts cannot be told. */
export const NO_ADDRESS = 'the address in the URL cannot be read'

/** @returns undefined where Python would find no such parts in it, or fail */
export function addressIn(url: string): Address | undefined {
  payText(16 * url.length)
  const [, scheme, netloc, path, query] = /^([A-Za-z][\w.+-]*):\/\/([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?/.exec(url) ?? []
  if (scheme === undefined || netloc === undefined) return undefined
  const at = netloc.lastIndexOf('@')
  const [user, password] = splitOnce(at < 0 ? '' : netloc.slice(0, at), ':')
  const place = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d*))?$/.exec(netloc.slice(at + 1))
  if (!place || Number(place[2] ?? 0) > 65535) return undefined
  const values = new Map<string, string[]>()
  for (const [key, value] of new URLSearchParams(query ?? '')) if (value !== '') values.set(key, [...(values.get(key) ?? []), value])
  return {
    scheme: scheme.toLowerCase(),
    user,
    password,
    host: (place[1] ?? '').replace(/^\[|\]$/g, ''),
    port: place[2] ?? '',
    path: path === undefined ? null : path.slice(1),
    query: values,
    hasQuery: Boolean(query),
  }
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

/** `hostname`: in small letters, but for what comes after a percent sign. */
export function hostIn({ host }: Address): string {
  const at = host.indexOf('%')
  return at < 0 ? host.toLowerCase() : host.slice(0, at).toLowerCase() + host.slice(at)
}

/** `urllib.parse.unquote` */
export function unquote(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A port is a number; none, and 0, is an empty text. */
export function portOf(written: string): Value {
  return Number(written) === 0 ? string('') : number(Number(written))
}

/** Text with nothing but digits is a number. */
export function digitsOrText(text: string): Value {
  return /^\d{1,15}$/.test(text) ? number(Number(text)) : string(text)
}

export function entryOf(values: Iterable<readonly [string, Value | string]>): Value & { kind: 'dict' } {
  return { kind: 'dict', entries: [...values].map(([key, value]): [Value, Value] => [string(key), typeof value === 'string' ? string(value) : value]) }
}

/** Of an installed distribution; the newest where its version is not told. */
export function isBefore(host: Host, distribution: string, major: number, minor: number): boolean {
  const [, first, second] = /^(\d+)(?:\.(\d+))?/.exec(host.distributionVersion(distribution) ?? '') ?? []
  return first !== undefined && (Number(first) < major || (Number(first) === major && Number(second ?? 0) < minor))
}
