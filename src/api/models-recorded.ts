import { keyOf, loadHistory } from '../migrations/index.js'
import type { Operation } from '../project/index.js'
import type { ShownChanges } from './results.js'
import type { Workspace } from './workspace.js'

/**
 * Models whose making is recorded and does not run: `post_migrate` makes their content types and permissions, and rows that are written by hand
 * send no signal (django/contrib/contenttypes/management, django/contrib/auth/management).
 */
export function modelsRecorded(workspace: Workspace, { added }: Pick<ShownChanges, 'added'>): string[] {
  const { project } = workspace
  const files = workspace.files()
  if (!project || !files?.apps.some(({ label }) => label === 'contenttypes')) return []
  const { disk } = loadHistory(files, [], workspace.rules())
  const models = added.flatMap((row) => {
    const file = disk.get(keyOf(row))
    return file ? made(project.detailed(file).operations ?? []).map((model) => `${row.app}.${model}`) : []
  })
  return [...new Set(models)]
}

function made(operations: readonly Operation[]): string[] {
  return operations.flatMap(({ type, model, stateOperations, inner }) => [
    ...(type === 'CreateModel' && model !== undefined ? [model] : []),
    ...made([...(stateOperations?.() ?? []), ...(inner?.() ?? [])]),
  ])
}
