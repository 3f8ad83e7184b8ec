import { hostname, userInfo } from 'node:os'

type Environment = Readonly<Record<string, string | undefined>>

/** Who does it, for the journal: "root in a container" says little where somebody else has told who it is. */
export function actorOf(env: Environment): string {
  if (env.MIGSTATE_ACTOR) return env.MIGSTATE_ACTOR
  // In CI the person who started the job, not the runner's account.
  if (env.GITHUB_ACTIONS && env.GITHUB_ACTOR) return env.GITHUB_ACTOR
  if (env.GITLAB_CI && env.GITLAB_USER_LOGIN) return env.GITLAB_USER_LOGIN
  const user = osUser()
  return user === 'root' && env.SUDO_USER && env.SUDO_USER !== 'root' ? env.SUDO_USER : user
}

/** The machine; in Kubernetes the pod, with its namespace where it is told. */
export function hostOf(env: Environment): string {
  if (!env.KUBERNETES_SERVICE_HOST) return hostname()
  const pod = env.POD_NAME ?? env.HOSTNAME ?? hostname()
  return env.POD_NAMESPACE ? `${env.POD_NAMESPACE}/${pod}` : pod
}

/** A container's user id may have no name. */
function osUser(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`
  }
}
