import type { UninstallResult } from '../api/uninstall.js'
import { clean } from './clean.js'
import { type Page, proseWidth } from './page.js'
import { wrap } from './wrap.js'

export function renderUninstall({ dropped, exported, dryRun }: UninstallResult, page: Page): string {
  if (dropped.length === 0) return page.quiet ? '' : 'There are no side tables here. Nothing to do.'
  const kept = exported
    ? [`The journal ${dryRun ? 'would be' : 'is'} in ${clean(exported.file)} (operations: ${exported.operations}, snapshots: ${exported.snapshots}).`]
    : []
  const lines = [`${dryRun ? 'Would drop' : 'Dropped'} ${clean(dropped.join(', '))}.`, ...kept, 'The history of migrations is not changed.']
  return lines.map((line) => wrap(line, proseWidth(page), '  ')).join('\n')
}
