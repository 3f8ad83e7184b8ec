import type { DoctorResult } from '../api/doctor.js'
import { cleanLine } from './clean.js'

type Finding = DoctorResult['findings'][number]

/** Forms in which other programs take findings. */
export const REPORTS = ['github', 'junit', 'sarif', 'markdown'] as const
export type Report = (typeof REPORTS)[number]

export function isReport(format: string | undefined): format is Report {
  return (REPORTS as readonly string[]).includes(format ?? '')
}

export function renderReport(result: DoctorResult, report: Report): string {
  return { github, junit, sarif, markdown }[report](result.findings)
}

const subjectOf = ({ app, migration }: Finding) => cleanLine([app, migration].filter((part) => part !== null).join('.') || 'history')
const linesOf = ({ message, evidence, repairs }: Finding) => [
  cleanLine(message),
  ...evidence.map((line) => `- ${cleanLine(line)}`),
  ...repairs.map(({ command, recommended, why }) => `${recommended ? 'Do this' : 'Or'}: ${cleanLine(why)}: ${cleanLine(command)}`),
]

/** Workflow commands of GitHub Actions: `%`, line ends and, in properties, `:` and `,` are escaped. */
function github(findings: readonly Finding[]): string {
  const data = (text: string) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
  const property = (text: string) => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
  const level = { error: 'error', warning: 'warning', info: 'notice' } as const
  return findings
    .map((one) => `::${level[one.severity]} title=${property(`${one.code} ${subjectOf(one)} (${one.id})`)}::${data(linesOf(one).join('\n'))}`)
    .join('\n')
}

/** A test case for each finding: errors and warnings fail; without one a single case that passes. */
function junit(findings: readonly Finding[]): string {
  const bad = findings.filter(({ severity }) => severity !== 'info').length
  const cases = findings.map((one) => {
    const text = xml(linesOf(one).join('\n'))
    const body =
      one.severity === 'info' ? `<system-out>${text}</system-out>` : `<failure type="${one.code}" message="${xml(cleanLine(one.message))}">${text}</failure>`
    return `    <testcase classname="migstate.${one.code}" name="${xml(`${subjectOf(one)} (${one.id})`)}">${body}</testcase>`
  })
  if (cases.length === 0) cases.push('    <testcase classname="migstate" name="doctor"/>')
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    `  <testsuite name="migstate doctor" tests="${cases.length}" failures="${bad}">`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
  ].join('\n')
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll('\n', '&#10;')
}

/** SARIF 2.1.0; a finding is about a migration, not about a line, so its place is a logical one. */
function sarif(findings: readonly Finding[]): string {
  const level = { error: 'error', warning: 'warning', info: 'note' } as const
  const codes = [...new Set(findings.map(({ code }) => code))]
  const results = findings.map((one) => ({
    ruleId: one.code,
    ruleIndex: codes.indexOf(one.code),
    level: level[one.severity],
    message: { text: linesOf(one).join('\n') },
    locations: [{ logicalLocations: [{ fullyQualifiedName: subjectOf(one), kind: 'module' }] }],
    partialFingerprints: { 'migstateFinding/v1': one.id },
  }))
  const driver = { name: 'migstate', rules: codes.map((id) => ({ id })) }
  return JSON.stringify({ $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [{ tool: { driver }, results }] }, null, 2)
}

/** For a comment on a merge request: a table first, the evidence below. */
function markdown(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'Nothing is wrong.'
  const text = (value: string) => cleanLine(value).replaceAll(/[\\`*_{}[\]<>#|]/g, '\\$&')
  const code = (value: string) => {
    const line = cleanLine(value)
    const ticks = '`'.repeat(Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length)) + 1)
    return `${ticks} ${line} ${ticks}`
  }
  const table = findings.map((one) => `| ${one.severity} | ${one.code} | ${text(subjectOf(one))} | ${text(one.message)} |`)
  const details = findings.flatMap((one) => [
    '',
    `### ${one.code} ${text(subjectOf(one))} (${one.id})`,
    '',
    text(one.message),
    '',
    ...one.evidence.map((line) => `- ${text(line)}`),
    ...one.repairs.flatMap(({ command, recommended, why }) => ['', `${recommended ? '**Do this**' : 'Or'}: ${text(why)}: ${code(command)}`]),
  ])
  return ['| Severity | Finding | Migration | What |', '|---|---|---|---|', ...table, ...details].join('\n')
}
