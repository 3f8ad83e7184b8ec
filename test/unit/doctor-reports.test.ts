import { describe, expect, it } from 'vitest'
import type { DoctorResult } from '../../src/api/doctor.js'
import { renderDoctor } from '../../src/render/doctor.js'
import { pageOf } from '../../src/render/page.js'
import { renderReport } from '../../src/render/reports.js'
import { PLAIN } from '../../src/render/style.js'

type Finding = DoctorResult['findings'][number]

const finding = (more: Partial<Finding> = {}): Finding => ({
  id: '0a1b2c3d',
  code: 'hole',
  severity: 'error',
  app: 'shop',
  migration: '0002_x',
  message: 'shop.0002_x is not recorded: 100% <lost>, "really"',
  evidence: ['first, line', 'a | b'],
  repairs: [{ command: 'migstate mark applied shop.0002_x', recommended: true, safe: true, why: 'it ran' }],
  ...more,
})
const hostile = finding({
  severity: 'warning',
  app: 'a\n::error::b',
  migration: ']]>\u001b[31m',
  message: '`rm` | </failure>\n::set-output',
  evidence: [],
  repairs: [],
})
const info = finding({ severity: 'info', code: 'unknown-app', app: null, migration: null })

describe('github', () => {
  it('a line for each finding, escaped as a workflow command', () => {
    const lines = renderReport({ findings: [finding(), hostile, info] }, 'github').split('\n')
    expect(lines).toHaveLength(3)
    expect(lines[0]).toBe(
      '::error title=hole shop.0002_x (0a1b2c3d)::shop.0002_x is not recorded: 100%25 <lost>, "really"%0A- first, line%0A- a | b%0ADo this: it ran: migstate mark applied shop.0002_x',
    )
    expect(lines[1]).toMatch(/^::warning title=hole a[^:\n]*%3A%3Aerror%3A%3Ab/)
    expect(lines[2]).toMatch(/^::notice title=unknown-app history/)
    expect(lines.join('')).not.toContain('\u001b')
  })
})

describe('junit', () => {
  it('errors and warnings fail, a note does not, and no name breaks out of its place', () => {
    const text = renderReport({ findings: [finding(), hostile, info] }, 'junit')
    expect(text).toContain('<testsuite name="migstate doctor" tests="3" failures="2">')
    expect(text).toContain('message="shop.0002_x is not recorded: 100% &lt;lost&gt;, &quot;really&quot;"')
    expect(text.match(/<\/failure>/g)).toHaveLength(2)
    expect(text.match(/<system-out>/g)).toHaveLength(1)
    expect(text).not.toContain('\u001b')
  })
  it('nothing wrong is one case that passes', () => {
    expect(renderReport({ findings: [] }, 'junit')).toContain('tests="1" failures="0"')
  })
})

describe('sarif', () => {
  it('levels, rules by their place, and the id as fingerprint', () => {
    const { version, runs } = JSON.parse(renderReport({ findings: [finding(), info] }, 'sarif'))
    expect(version).toBe('2.1.0')
    expect(runs[0].tool.driver.rules).toEqual([{ id: 'hole' }, { id: 'unknown-app' }])
    expect(runs[0].results.map((one: { level: string; ruleIndex: number }) => [one.level, one.ruleIndex])).toEqual([
      ['error', 0],
      ['note', 1],
    ])
    expect(runs[0].results[0]).toMatchObject({
      locations: [{ logicalLocations: [{ fullyQualifiedName: 'shop.0002_x' }] }],
      partialFingerprints: { 'migstateFinding/v1': '0a1b2c3d' },
    })
  })
})

describe('markdown', () => {
  it('a row for each finding, whatever its text holds', () => {
    const lines = renderReport({ findings: [finding(), hostile] }, 'markdown').split('\n')
    expect(lines.filter((line) => line.startsWith('| '))).toHaveLength(3)
    expect(lines[3]?.replaceAll(/\\./g, '').match(/\|/g)).toHaveLength(5)
    expect(lines).toContain('**Do this**: it ran: ` migstate mark applied shop.0002_x `')
  })
})

describe('text', () => {
  it('of many findings of one kind some are shown whole, the others by name', () => {
    const many = Array.from({ length: 300 }, (_, index) => finding({ id: String(index).padStart(8, '0'), migration: `${String(index).padStart(4, '0')}_x` }))
    const text = renderDoctor({ findings: [...many, info] }, pageOf(PLAIN, 80))
    expect(text.match(/it ran/g)).toHaveLength(6)
    expect(text).toContain('295 more hole: shop.0005_x (00000005), ')
    expect(text).toContain('shop.0299_x (00000299)')
    expect(text.split('\n').every((line) => line.length <= 80)).toBe(true)
    expect(text).toContain('300 errors, 1 note')
    expect(renderDoctor({ findings: many.slice(0, 10) }, pageOf(PLAIN, 80)).match(/it ran/g)).toHaveLength(10)
  })
})
