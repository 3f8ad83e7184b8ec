// @lezer/python as the program needs it at every start: without colours, its tables decoded.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** What @lezer/python says of colours: no text is coloured here, and a property of each kind of node takes time at every start. */
const NO_COLOURS = `
  const tag = new Proxy(() => tag, { get: () => tag })
  export const tags = tag
  export const styleTags = () => () => null`

/** Its tables as @lezer/lr decodes them, number by number and at every start, are 16-bit and 32-bit numbers. */
const TABLES = { states: 'Uint32Array', stateData: 'Uint16Array', goto: 'Uint16Array', tokenData: 'Uint16Array' }

/** @param {string} source of @lezer/python @returns {string} the same with its tables decoded: @lezer/lr takes them so, too */
function withDecodedTables(source) {
  const { parser } = createRequire(import.meta.url)('@lezer/python')
  const decoded = { states: parser.states, stateData: parser.data, goto: parser.goto, tokenData: parser.tokenizers.find((one) => one.data !== undefined).data }
  let text = source
  for (const [name, type] of Object.entries(TABLES)) {
    const parts = text.split(new RegExp(`(?<=\\b${name}: )"(?:[^"\\\\]|\\\\.)*"`))
    if (parts.length !== 2) throw new Error(`@lezer/python has another form than the build expects: ${name}`)
    const { buffer, byteOffset, byteLength } = decoded[name]
    text = parts.join(`numbers('${Buffer.from(buffer, byteOffset, byteLength).toString('base64')}', ${type})`)
  }
  return `${text}\n${NUMBERS}`
}

/** They have the order of bytes of the machine that built. */
const NUMBERS = `
  function numbers(text, Type) {
    const bytes = Uint8Array.from(Buffer.from(text, 'base64'))
    if (new Uint8Array(new Uint16Array([1]).buffer)[0] !== ${new Uint8Array(new Uint16Array([1]).buffer)[0]}) Buffer.from(bytes.buffer)[Type === Uint32Array ? 'swap32' : 'swap16']()
    return new Type(bytes.buffer)
  }`

/** A plugin of esbuild. */
export const parserTables = {
  name: 'parser-tables',
  setup(build) {
    build.onResolve({ filter: /^@lezer\/highlight$/ }, ({ path }) => ({ path, namespace: 'no-colours' }))
    build.onLoad({ filter: /.*/, namespace: 'no-colours' }, () => ({ contents: NO_COLOURS }))
    build.onLoad({ filter: /@lezer[\\/]python[\\/]dist[\\/]index\.js$/ }, ({ path }) => ({ contents: withDecodedTables(readFileSync(path, 'utf8')) }))
  },
}
