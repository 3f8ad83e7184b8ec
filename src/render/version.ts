import type { VersionResult } from '../api/version.js'
import { alignColumns } from './table.js'

export function renderVersion({ migstate, node, platform, drivers, django }: VersionResult): string {
  return alignColumns([
    ['migstate', migstate],
    ['Node', `${node} (${platform})`],
    ...Object.entries(drivers).map(([name, version]) => [name, version ?? 'not installed']),
    ['Django', `rules of ${django.from} to ${django.to}`],
  ]).join('\n')
}
