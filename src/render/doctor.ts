import type { DoctorResult } from '../api/doctor.js'
import { cleanLine } from './clean.js'
import { type Page, proseWidth } from './page.js'
import { wrap } from './wrap.js'

type Finding = DoctorResult['findings'][number]
type Severity = Finding['severity']

const TITLES: Record<Severity, [title: string, one: string, many: string]> = {
  error: ['Errors', 'error', 'errors'],
  warning: ['Warnings', 'warning', 'warnings'],
  info: ['For your information', 'note', 'notes'],
}

/** By severity; each finding with its evidence and what mends it. */
export function renderDoctor({ findings, explained }: DoctorResult, page: Page): string {
  if (explained === false) return wrap('None of the findings explains this error.', proseWidth(page))
  const severities = Object.keys(TITLES) as Severity[]
  const groups = severities.flatMap((severity) => {
    const own = findings.filter((one) => one.severity === severity)
    if (own.length === 0) return []
    const heading = page.quiet ? [] : [page.strong(TITLES[severity][0]), '']
    return [...heading, ...grouped(own, page)]
  })
  const counts = severities.flatMap((severity) => {
    const count = findings.filter((one) => one.severity === severity).length
    return count > 0 ? [`${count} ${TITLES[severity][count === 1 ? 1 : 2]}`] : []
  })
  if (page.quiet) return groups.join('\n')
  const safe = findings.filter(({ repairs }) => repairs.some((one) => one.safe)).length
  const advice = safe > 1 ? [wrap(`What is proven of them, and of rows alone, in one step: ${page.strong('migstate repair --all')}`, proseWidth(page))] : []
  return [...groups, counts.length > 0 ? `${counts.join(', ')}` : 'Nothing is wrong.', ...advice].join('\n')
}

/** Of so many of one kind only some are shown whole. */
const MANY = 10
const WHOLE = 5

/** Findings as they come; of a kind of which there are many the first ones, and the others by their names. */
function grouped(findings: readonly Finding[], page: Page): string[] {
  const blank = page.quiet ? [] : ['']
  const shown = new Map<string, number>()
  return findings.flatMap((one) => {
    const same = findings.filter(({ code }) => code === one.code)
    const nth = (shown.get(one.code) ?? 0) + 1
    shown.set(one.code, nth)
    if (same.length <= MANY || nth <= WHOLE)
      return [...findingLines(one, page), ...(nth === 1 && !page.quiet ? [`    ${page.weak(`Page: ${pageOf(one.code)}`)}`] : []), ...blank]
    if (nth > WHOLE + 1) return []
    const names = same.slice(WHOLE).map(({ id, app, migration }) => `${[app, migration].filter((part) => part !== null).join('.')} (${id})`)
    return [wrap(`${names.length} more ${one.code}: ${cleanLine(names.join(', '))}`, proseWidth(page), '  '), ...blank]
  })
}

/** What people search for, how it comes about, and two ways on: written once for each code. */
const pageOf = (code: string) => `docs/errors/${code}.md`

function findingLines({ id, code, severity, message, evidence, repairs }: Finding, page: Page): string[] {
  const paint = severity === 'error' ? page.bad : severity === 'warning' ? page.note : page.weak
  const width = proseWidth(page)
  const head = wrap(`${paint(code)} ${page.weak(`(${id})`)} ${cleanLine(message)}`, width, '  ')
  if (page.quiet) return [head]
  return [
    head,
    ...evidence.map((line) => `    ${page.weak(wrap(`- ${cleanLine(line)}`, width - 4, '      '))}`),
    ...repairs.flatMap(({ command, recommended, why }) => [
      `    ${wrap(`${recommended ? page.good('Do this') : repairs.length > 1 || !recommended ? 'Or' : 'Do'}: ${cleanLine(why)}:`, width - 4, '      ')}`,
      `      ${cleanLine(command)}`,
    ]),
  ]
}
