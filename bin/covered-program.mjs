// The program as a child whose lines count for "npm run coverage": bundled with a source map, and started so that Node writes down what was reached.
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './bootstrap.mjs'
import { bundleProgram, copyShims } from './build.mjs'

/** Below node_modules, so that it finds the packages that are not bundled. */
const home = join(root, 'node_modules', '.cache', 'migstate-covered')
const bundle = join(home, 'dist', 'cli.cjs')

// As src/cli/start does, but without the compiled code of earlier runs, which counts nothing. A crash test that kills its own process is no reason to
// forget what it has reached.
const RUN = `
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { takeCoverage } from 'node:v8'
import program from '../dist/cli.cjs'

const argv = process.argv.slice(2)
const kill = process.kill
process.kill = (pid, signal) => {
  if (pid === process.pid) takeCoverage()
  return kill.call(process, pid, signal)
}
process.on('uncaughtException', (error) => {
  program.escaped(error, argv)
  process.exit()
})
for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error').on('error', () => {})
await program.run(argv, join(dirname(fileURLToPath(import.meta.url)), '..'))
`

/** @returns {Promise<string>} for MIGSTATE_TEST_PROGRAM: what the tests start instead of the built program */
export async function makeCoveredProgram() {
  mkdirSync(join(home, 'bin'), { recursive: true })
  cpSync(join(root, 'package.json'), join(home, 'package.json'))
  writeFileSync(join(home, 'bin', 'run.js'), RUN)
  await bundleProgram({ minify: false, sourcemap: 'external', sourcesContent: false, outfile: bundle })
  copyShims(() => join(home, 'dist'))
  return join(home, 'bin', 'run.js')
}

/**
 * @param {Record<string, { path: string, statementMap: object, s: object }>} report what vitest has seen; what the children have reached is added
 * @param {string} folder where they have written it
 */
export function addChildren(report, folder) {
  const places = placesInBundle()
  const open = Object.values(report).flatMap((file) =>
    Object.entries(file.statementMap).flatMap(([id, { start }]) => {
      const offset = file.s[id] > 0 ? undefined : offsetOf(places.get(file.path), start)
      return offset === undefined ? [] : [{ offset, reached: () => (file.s[id] = 1) }]
    }),
  )
  open.sort((a, b) => a.offset - b.offset)
  const url = pathToFileURL(bundle).href
  for (const name of readdirSync(folder)) {
    const script = JSON.parse(readFileSync(join(folder, name), 'utf8')).result.find((one) => one.url === url)
    if (script) markReached(open, script)
  }
}

/** The innermost range around a place says how often it was reached (Chrome DevTools Protocol, Profiler.FunctionCoverage). */
function markReached(open, { functions }) {
  const ranges = functions.flatMap((one) => one.ranges).sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset)
  const around = []
  let next = 0
  for (const { offset, reached } of open) {
    for (; next < ranges.length && ranges[next].startOffset <= offset; next++) around.push(ranges[next])
    while (around.length > 0 && around.at(-1).endOffset <= offset) around.pop()
    const inner = around.findLast((range) => range.endOffset > offset)
    if (inner && inner.count > 0) reached()
  }
}

/** @returns for each source file by its path: where in the bundle each line begins what, by column */
function placesInBundle() {
  const map = new SourceMap(JSON.parse(readFileSync(`${bundle}.map`, 'utf8')))
  const text = readFileSync(bundle, 'utf8')
  const places = new Map()
  let [line, column] = [0, 0]
  for (let offset = 0; offset < text.length; offset++) {
    const { originalSource, originalLine, originalColumn, generatedLine, generatedColumn } = map.findEntry(line, column)
    if (generatedLine === line && generatedColumn === column) note(originalSource, originalLine + 1, originalColumn, offset)
    if (text[offset] === '\n') [line, column] = [line + 1, 0]
    else column++
  }
  return places

  function note(source, lineOfSource, columnOfSource, offset) {
    const path = resolve(join(home, 'dist'), source)
    if (relative(root, path).startsWith('node_modules')) return
    const lines = places.get(path) ?? new Map()
    places.set(path, lines)
    const columns = lines.get(lineOfSource) ?? []
    lines.set(lineOfSource, columns)
    columns.push({ column: columnOfSource, offset })
  }
}

/** Nothing begins where only a type stands, or a bracket: then it is what comes next in the line. */
function offsetOf(lines, { line, column }) {
  const after = (lines?.get(line) ?? []).filter((place) => place.column >= column)
  return after.sort((a, b) => a.column - b.column)[0]?.offset
}
