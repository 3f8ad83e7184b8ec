import type { TrustResult } from '../api/trust.js'
import { cleanLine } from './clean.js'
import type { Page } from './page.js'
import { proseWidth } from './page.js'
import { wrap } from './wrap.js'

export function renderTrust({ file, trusted, unchanged, settings }: TrustResult, page: Page): string {
  const place = cleanLine(file)
  const said = Object.entries(settings).map(([key, value]) => `  ${key}  ${cleanLine(String(value))}`)
  if (!trusted) return unchanged ? `${place} was not trusted.` : `${place} is no longer trusted.`
  const heading = unchanged ? `${place} is trusted already.` : `${place} is trusted, as it is now.`
  const meaning =
    said.length > 0
      ? 'What it may decide now on this account:'
      : `It names no program and no database, so this changes nothing yet. When the file changes it has to be trusted again.`
  const rest = said.length > 0 && !page.quiet ? ['When the file changes it has to be trusted again.'] : []
  return [heading, wrap(meaning, proseWidth(page)), ...said, ...rest].join('\n')
}
