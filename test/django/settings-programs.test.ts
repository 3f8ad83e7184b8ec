import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openProject } from '../../src/project/index.js'
import { Random } from '../conformance/random.js'
import { djangos, oneDjango } from '../support/django.js'
import { files } from '../support/fake-project.js'
import { Programs } from '../support/settings-programs.js'

/** Generated settings: Python runs them, and what the reader claims as certain must be what Python says; it may always say that it does not know. */
const python = join(djangos[oneDjango as string] as string, 'bin', 'python')
const SEEDS = (process.env.MIGSTATE_TEST_SEEDS ?? '1,2,3,8,25,32,36').split(',').map(Number)
const PROGRAMS = Number(process.env.MIGSTATE_TEST_PROGRAMS ?? 120)
const RUN = `import importlib, json, sys
lost = []
def watch(frame, event, argument):
    # A name that is not there is the fault of the program.
    if event == "exception" and issubclass(argument[0], NameError):
        lost.append(argument[0])
    return watch
said = []
for index in range(int(sys.argv[1])):
    del lost[:]
    sys.settrace(watch)
    try:
        found = importlib.import_module("p%d" % index).INSTALLED_APPS
    except Exception:
        found = None
    sys.settrace(None)
    said.append(None if lost else found)
print(json.dumps(said))`

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-programs-'))
  files(folder, { 'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "p0")\n' })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it.each(SEEDS)(`${PROGRAMS} programs (seed %i)`, (seed) => {
  const programs = new Programs(new Random(seed))
  const texts = Array.from({ length: PROGRAMS }, () => programs.program())
  for (const [index, text] of texts.entries()) writeFileSync(join(folder, `p${index}.py`), `${text}\n`)
  const said = JSON.parse(execFileSync(python, ['-c', RUN, String(PROGRAMS)], { cwd: folder, encoding: 'utf8', timeout: 60_000 })) as (string[] | null)[]
  let [told, known] = [0, 0]
  for (const [index, text] of texts.entries()) {
    const truth = said[index]
    if (!truth) continue
    told++
    const ours = openProject({ folder, managePy: undefined, settings: `p${index}`, python, path: [], env: {} }).files()
    const doubt = ours.apps.some((app) => app.inDoubt)
    const sure = [...ours.apps.filter((app) => !app.inDoubt).map((app) => app.label), ...ours.notFound]
    if (ours.complete && !doubt) known++
    const where = `seed ${seed}, program ${index}:\n${text}`
    if (ours.complete && !doubt) expect(new Set(sure), where).toEqual(new Set(truth))
    else if (ours.complete) expect(truth, where).toEqual(expect.arrayContaining(sure))
  }
  // A generator whose programs all die, or a reader that knows nothing, would agree with everything.
  expect([told > PROGRAMS / 5, known > told / 4], `${told} told, ${known} known`).toEqual([true, true])
})
