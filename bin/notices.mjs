// The licence texts of every package whose code is in the bundles: their licences ask for a copy of them in each copy of the code.
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const LICENCE = /^(licen[cs]e|copying|notice)([-.].*)?$/i

/** Some keep the whole text at the end of their README. */
function inReadme(folder) {
  const name = readdirSync(folder).find((file) => /^readme/i.test(file))
  const section = name && /^#+ *licen[cs]e\b[^]*$/im.exec(readFileSync(join(folder, name), 'utf8'))?.[0]
  return section && /permission/i.test(section) ? [section.trim()] : []
}

/** The folders of packages that esbuild has read something of, below the last node_modules of each path. */
export function bundledPackages(metafiles) {
  const found = new Set()
  for (const { inputs } of metafiles)
    for (const [input, { bytes }] of Object.entries(inputs)) {
      // A namespace of a plugin stands before the name; what it made up itself has no path.
      const path = /^(?:[\w-]+:)?((?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1]
      if (path && bytes > 0) found.add(path.replaceAll('\\', '/'))
    }
  return [...found].sort()
}

/** @throws Error for a package without a licence text: what it says in its place is to be looked at by hand, and then written here */
export function noticesOf(root, packages) {
  const sections = packages.map((path) => {
    const folder = resolve(root, path)
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const files = readdirSync(folder)
      .filter((file) => LICENCE.test(file))
      .sort()
    const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim())
    if (texts.length === 0) texts.push(...inReadme(folder))
    if (texts.length === 0) throw new Error(`${name} ${version} is bundled and has no licence text.`)
    return { title: `${name} ${version} (${license ?? 'see below'})`, texts }
  })
  const unique = [...new Map(sections.map((section) => [section.title, section])).values()].sort((a, b) => (a.title < b.title ? -1 : 1))
  const line = '-'.repeat(80)
  const body = unique.map(({ title, texts }) => [line, title, line, '', texts.join('\n\n'), ''].join('\n'))
  return `The program files of this folder contain code of these packages.\n\n${body.join('\n')}`
}
