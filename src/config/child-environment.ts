/** Holds a password, perhaps of a role with more rights than Django's; no program but this one has a use for it. */
const OWN_SECRETS = ['MIGSTATE_URL']

/** What programs of the project are started with: manage.py, and the Python that answers `--ask-django`. */
export function childEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !OWN_SECRETS.includes(name.toUpperCase())))
}
