import { appOf, type Key, keyOf, nameOf, quoted, typable, whyMayExist } from '../../migrations/index.js'
import type { Facts } from '../facts.js'
import type { Found } from '../finding.js'
import { listed, repair } from '../words.js'

/** Files depend on a migration that is not there: Django loads nothing at all. */
export function missingParents({ view, rows, project }: Facts): Found[] {
  if (!view || !project) return []
  const gates = view.gates.filter(({ gate }) => gate === 'missing-parent')
  const byNode = new Map<Key, string[]>()
  for (const { migrations, message } of gates) {
    const node = migrations[1]
    if (node) byNode.set(node.join('\0'), [...(byNode.get(node.join('\0')) ?? []), message])
  }
  return [...byNode].map(([key, messages]): Found => {
    const [app, name] = [appOf(key), nameOf(key)]
    const row = rows.find((one) => keyOf(one) === key)
    const children = childrenOf(view, app, name)
    const isApp = project.apps.some(({ label }) => label === app)
    const mayExist = isApp ? null : whyMayExist(project, app)
    const cause = isApp ? 'there is no such file' : (mayExist ?? `no app "${app}" is installed`)
    return {
      code: 'missing-parent',
      severity: 'error',
      app,
      migration: name,
      message: `${listed(children)} ${children.length === 1 ? 'depends' : 'depend'} on ${app}.${name}, but ${cause}. Django loads no migration at all until it is there.`,
      evidence: [
        ...messages.map((message) => `Django: NodeNotFoundError: ${message}`),
        row ? `it is recorded here (id ${row.id}, applied ${row.applied}): it ran, so its file was lost and its row must stay` : 'it is not recorded here',
      ],
      repairs: [
        repair(
          `git log --all --diff-filter=D --name-only -- ${quoted(`*/${name}.py`)}`,
          'finds the commit that deleted its file: get it back from the one before',
          {
            recommended: true,
          },
        ),
        ...(row
          ? []
          : [
              repair(
                `migstate show ${typable(...((children[0] as string).split('.') as [string, string]))}`,
                'to see what the file that names it says, if the name is wrong there',
              ),
            ]),
      ],
      about: [`${app}.${name}`, ...children],
      explains: [key],
      place: 0,
    }
  })
}

function childrenOf(view: NonNullable<Facts['view']>, app: string, name: string): string[] {
  const found = [...view.disk].flatMap(([key, file]) =>
    [...file.dependencies, ...file.runBefore].some((one) => one.app === app && one.name === name) ? [key.replace('\0', '.')] : [],
  )
  return found.length > 0 ? found.sort() : ['a migration']
}
