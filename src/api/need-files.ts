import type { ProjectFiles } from '../project/index.js'
import { MigstateError } from '../errors/index.js'
import type { Workspace } from './workspace.js'

/** @param what begins the sentence: `A plan` @throws MigstateError `no-project` where no files are read */
export function needFiles(workspace: Workspace, what: string): ProjectFiles {
  const project = workspace.files()
  if (project) return project
  throw new MigstateError('no-project', `${what} is made from the files of the project, and none are read.`, {
    hint: workspace.config.noFiles ? 'Leave --no-files out.' : 'Run it in the folder of manage.py, or give --project DIR.',
  })
}
