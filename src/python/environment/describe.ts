import type { PythonEnvironment } from './types.js'

/** Which Python is used and why, as one sentence without its full stop. */
export function describeEnvironment(environment: PythonEnvironment): string {
  const { home, because, interpreter, djangoVersion, sitePackages } = environment
  if (home === null && because !== null) return `The packages of ${because} are not read, for it may start Python anywhere`
  if (home === null) return `No environment with Django was found${lookedAt(environment)}`
  const django =
    djangoVersion !== null ? ` with Django ${djangoVersion}` : sitePackages.length > 0 ? ', where no Django was found' : ', where no packages were found'
  const start = interpreter === null ? ', which has no interpreter for this machine' : ''
  return `The Python is ${interpreter ?? home} (${because})${django}${start}${lookedAt(environment)}`
}

function lookedAt({ passedOver }: PythonEnvironment): string {
  const list = passedOver.map(({ home, because, reason }) => `${home} (${because}) ${reason}`)
  return list.length === 0 ? '' : `; ${list.join(', ')}`
}
