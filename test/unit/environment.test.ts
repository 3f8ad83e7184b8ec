import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { splitWords } from '../../src/config/index.js'
import { defaultPython, describeEnvironment, type EnvironmentRequest, findEnvironment } from '../../src/python/environment/index.js'
import { djangos, oneDjango } from '../support/django.js'
import { files } from '../support/fake-project.js'

/** A disk of its own: a home, and in it a git repository whose folder `backend` is the project. */
let disk: string
let home: string
let repository: string
let folder: string
beforeEach(() => {
  disk = realpathSync(mkdtempSync(join(tmpdir(), 'migstate-environment-')))
  home = join(disk, 'home')
  repository = join(home, 'src', 'shop')
  folder = join(repository, 'backend')
  files(folder, { 'manage.py': '' })
  mkdirSync(join(repository, '.git'))
})
afterEach(() => rmSync(disk, { recursive: true, force: true }))

const request = (env: Record<string, string> = {}, more: Partial<EnvironmentRequest> = {}): EnvironmentRequest => ({
  folder,
  python: undefined,
  env: { HOME: home, PATH: process.env.PATH as string, ...env },
  ...more,
})
const find = (env: Record<string, string> = {}, more: Partial<EnvironmentRequest> = {}) => findEnvironment(request(env, more))
const chosen = (env: Record<string, string> = {}, more: Partial<EnvironmentRequest> = {}) => find(env, more).home

const DJANGO = 'VERSION = (5, 2, 7, "final", 0)\n'

/** What `python -m venv` makes, as far as it is looked at. */
function venv(path: string, { django = true, config = 'home = /usr/bin\nversion = 3.12.4\n' }: { django?: boolean; config?: string } = {}): string {
  files(path, { 'pyvenv.cfg': config, 'bin/python': '#!/bin/sh\n', 'bin/activate': '', 'lib/python3.12/site-packages/pip/__init__.py': '' })
  chmodSync(join(path, 'bin', 'python'), 0o755)
  if (django) files(path, { 'lib/python3.12/site-packages/django/__init__.py': DJANGO })
  return path
}

describe('the environment that counts', () => {
  it('is that of the shell, if it has Django', () => {
    const own = venv(join(folder, '.venv'))
    const active = venv(join(disk, 'active'))
    const found = find({ VIRTUAL_ENV: active })
    expect(found).toMatchObject({ home: active, because: 'VIRTUAL_ENV', djangoVersion: '5.2.7', python: [3, 12], passedOver: [] })
    expect(found.interpreter).toBe(join(active, 'bin', 'python'))
    expect(found.sitePackages).toEqual([join(active, 'lib/python3.12/site-packages')])
    expect(chosen()).toBe(own)
  })

  it('is not one that another tool made: one without Django is passed over, with the reason', () => {
    const own = venv(join(folder, '.venv'))
    const hook = venv(join(disk, 'pre-commit'), { django: false })
    const found = find({ VIRTUAL_ENV: hook, CONDA_PREFIX: join(disk, 'nowhere') })
    expect(found.home).toBe(own)
    expect(found.passedOver).toEqual([
      { home: hook, because: 'VIRTUAL_ENV', reason: 'has no Django' },
      { home: join(disk, 'nowhere'), because: 'CONDA_PREFIX', reason: 'is not there' },
    ])
    expect(describeEnvironment(found)).toBe(
      `The Python is ${own}/bin/python (.venv in ${folder}) with Django 5.2.7; ${hook} (VIRTUAL_ENV) has no Django, ${disk}/nowhere (CONDA_PREFIX) is not there`,
    )
    expect(defaultPython(request({ VIRTUAL_ENV: hook }))).toBe(join(own, 'bin', 'python'))
  })

  it('is unknown where none has Django; python3 is for starting only', () => {
    const hook = venv(join(folder, '.venv'), { django: false })
    const found = find()
    expect(found).toMatchObject({ home: null, interpreter: null, because: null, sitePackages: [], python: null, djangoVersion: null })
    expect(defaultPython(request())).toBe('python3')
    expect(describeEnvironment(found)).toBe(`No environment with Django was found; ${hook} (.venv in ${folder}) has no Django`)
  })

  it('is the virtual one that migstate itself is installed in, before that of the shell; python and migstate.json are not overruled', () => {
    const active = venv(join(disk, 'active'))
    const own = venv(join(disk, 'own'))
    const env = { VIRTUAL_ENV: active, MIGSTATE_OWN_PYTHON: join(own, 'bin', 'python') }
    expect(find(env)).toMatchObject({ home: own, interpreter: join(own, 'bin', 'python'), because: 'migstate is installed in it', djangoVersion: '5.2.7' })
    expect(find(env, { python: join(active, 'bin', 'python') })).toMatchObject({ home: active, because: '--python' })
    expect(chosen({ ...env, MIGSTATE_OWN_PYTHON: relative(process.cwd(), join(own, 'bin', 'python')) })).toBe(active)
    expect(chosen({ ...env, MIGSTATE_OWN_PYTHON: join(own, 'bin', 'gone') })).toBe(active)
  })

  it('is not what uvx or pipx made for migstate alone: that is not even spoken of', () => {
    const own = venv(join(disk, 'uvx'), { django: false })
    const project = venv(join(folder, '.venv'))
    expect(find({ MIGSTATE_OWN_PYTHON: join(own, 'bin', 'python') })).toMatchObject({ home: project, passedOver: [] })
  })

  it('is the Python of the whole machine that migstate is installed in, in the version that runs it, where there is no other', () => {
    const system = join(disk, 'usr')
    for (const version of ['3.12', '3.13']) files(system, { [`bin/python${version}`]: '', [`lib/python${version}/site-packages/django/__init__.py`]: DJANGO })
    const env = { MIGSTATE_OWN_PYTHON: join(system, 'bin', 'python3.12') }
    expect(find(env)).toMatchObject({ home: system, interpreter: join(system, 'bin', 'python3.12'), python: [3, 12] })
    const project = venv(join(folder, '.venv'))
    expect(chosen(env)).toBe(project)
  })

  it('is a real one of the machine', () => {
    const real = djangos[oneDjango as string] as string
    symlinkSync(real, join(folder, '.venv'))
    const found = find()
    expect(found.home).toBe(join(folder, '.venv'))
    const asked = execFileSync(found.interpreter as string, ['-c', 'import django, sys, os; print(django.get_version(), os.__file__, *sys.version_info[:2])'], {
      encoding: 'utf8',
    })
    expect(asked.trim()).toBe(`${found.djangoVersion} ${found.standardLibrary}/os.py ${found.python?.join(' ')}`)
  })
})

describe('looked for from the project upwards', () => {
  it('.venv, venv, env, then what a pyvenv.cfg proves; the nearest folder first', () => {
    const order = ['backend/.venv', 'backend/venv', 'backend/env', 'backend/py312', '.venv', 'somewhere'].map((path) => venv(join(repository, path)))
    for (const path of order) {
      expect(chosen()).toBe(path)
      rmSync(path, { recursive: true })
    }
    expect(chosen()).toBeNull()
  })

  it('up to the git root and no further', () => {
    venv(join(home, 'src', '.venv'))
    expect(chosen()).toBeNull()
    rmSync(join(repository, '.git'), { recursive: true })
    files(repository, { '.git': 'gitdir: /elsewhere\n' })
    expect(chosen()).toBeNull()
    venv(join(repository, 'venv'))
    expect(chosen()).toBe(join(repository, 'venv'))
  })

  it('without a repository in the folder above, where the environments of neighbours do not count', () => {
    rmSync(join(repository, '.git'), { recursive: true })
    venv(join(repository, 'myenv'))
    venv(join(home, 'src', '.venv'))
    expect(chosen()).toBe(join(repository, 'myenv'))
    venv(join(repository, 'other'))
    expect(chosen()).toBeNull()
    venv(join(repository, 'venv'))
    expect(chosen()).toBe(join(repository, 'venv'))
  })

  it('not in tox, nox and node_modules, and an app called env is none', () => {
    for (const name of ['.tox', '.nox', 'node_modules']) venv(join(folder, name))
    files(folder, { 'env/__init__.py': '', 'env/lib/python3.12/site-packages/django/__init__.py': DJANGO })
    expect(find()).toMatchObject({ home: null, passedOver: [] })
  })

  it('a .venv that is a file names a folder, or an environment below WORKON_HOME', () => {
    venv(join(disk, 'far'))
    venv(join(home, '.local/share/virtualenvs/shop'))
    venv(join(disk, 'work', 'shop'))
    files(folder, { '.venv': `${disk}/far\n` })
    expect(find()).toMatchObject({ home: join(disk, 'far'), because: join(folder, '.venv') })
    files(folder, { '.venv': '../../../../far' })
    expect(chosen()).toBe(join(disk, 'far'))
    files(folder, { '.venv': 'shop\n' })
    expect(chosen()).toBe(join(home, '.local/share/virtualenvs/shop'))
    expect(chosen({ WORKON_HOME: join(disk, 'work') })).toBe(join(disk, 'work', 'shop'))
    files(folder, { '.venv': '\n' })
    expect(chosen()).toBeNull()
  })
})

describe('Django is there', () => {
  const packages = () => join(folder, '.venv', 'lib/python3.12/site-packages')
  beforeEach(() => {
    venv(join(folder, '.venv'), { django: false })
  })

  it('by a .pth file', () => {
    files(disk, { 'checkout/django/__init__.py': DJANGO })
    files(packages(), { 'dev.pth': `${disk}/checkout\n` })
    expect(find()).toMatchObject({ home: join(folder, '.venv'), djangoVersion: '5.2.7' })
  })

  it('by an editable install', () => {
    files(disk, { 'checkout/django/__init__.py': DJANGO })
    files(packages(), {
      '__editable__.Django.pth': 'import __editable___Django_5_2_finder; __editable___Django_5_2_finder.install()',
      '__editable___Django_5_2_finder.py': `MAPPING: dict[str, str] = {'django': '${disk}/checkout/django'}\n`,
    })
    expect(find()).toMatchObject({ home: join(folder, '.venv'), djangoVersion: '5.2.7' })
  })

  it('in the Python that it was made from, of the same version, and in the folder of the user', () => {
    const base = join(disk, 'usr')
    files(base, { 'lib/python3.11/dist-packages/django/__init__.py': DJANGO, 'lib/python3.12/os.py': '' })
    const config = (inherits: string) => `home = ${base}/bin\nversion_info = 3.12.4.final.0\ninclude-system-site-packages = ${inherits}\n`
    files(folder, { '.venv/pyvenv.cfg': config('true') })
    expect(chosen()).toBeNull()
    files(base, { 'lib/python3/dist-packages/django/__init__.py': DJANGO })
    expect(find()).toMatchObject({ djangoVersion: '5.2.7', standardLibrary: join(base, 'lib/python3.12') })
    files(folder, { '.venv/pyvenv.cfg': config('false') })
    expect(chosen()).toBeNull()
    rmSync(base, { recursive: true })
    files(home, { '.local/lib/python3.12/site-packages/django/__init__.py': DJANGO })
    expect(chosen()).toBeNull()
    files(folder, { '.venv/pyvenv.cfg': config('true') })
    expect(chosen()).toBe(join(folder, '.venv'))
    expect(chosen({ PYTHONNOUSERSITE: '1' })).toBeNull()
  })

  it('not by the empty folder that an uninstall leaves', () => {
    files(packages(), { 'django/contrib/__pycache__/x.pyc': '' })
    expect(chosen()).toBeNull()
  })
})

describe('where tools keep theirs', () => {
  /** The very lines of poetry and pipenv, run by Python. */
  const python = (code: string, ...words: string[]) =>
    execFileSync(join(djangos[oneDjango as string] as string, 'bin', 'python'), ['-c', `import base64, hashlib, os, re, sys\n${code}`, ...words], {
      encoding: 'utf8',
    }).trim()
  const poetryName = (name: string, path: string) =>
    python(
      `name = re.sub(r"[-_.]+", "-", sys.argv[1]).lower()
sanitized_name = re.sub(r'[ $\`!*@"\\\\\\r\\n\\t]', "_", name)[:42]
h_bytes = hashlib.sha256(os.fsencode(os.path.normcase(os.path.realpath(sys.argv[2])))).digest()
print(f"{sanitized_name}-{base64.urlsafe_b64encode(h_bytes).decode()[:8]}")`,
      name,
      path,
    )

  it('poetry: by name and hash; the one of "poetry env use", else the newest', () => {
    files(repository, { 'pyproject.toml': '[tool.poetry]\nname = "My_Shop.App"\n' })
    const name = poetryName('My_Shop.App', repository)
    const [old, middle, fresh] = ['3.9', '3.10', '3.12'].map((minor) => venv(join(home, '.cache/pypoetry/virtualenvs', `${name}-py${minor}`)))
    expect(find()).toMatchObject({ home: fresh, because: `poetry's environment of ${repository}` })
    files(home, { '.cache/pypoetry/virtualenvs/envs.toml': `["${name}"]\nminor = "3.9"\npatch = "3.9.18"\n\n[other-AbCdEfGh]\nminor = "3.12"\n` })
    expect(chosen()).toBe(old)
    rmSync(old as string, { recursive: true })
    rmSync(fresh as string, { recursive: true })
    expect(chosen()).toBe(middle)
    expect(chosen({ XDG_CACHE_HOME: join(disk, 'cache') })).toBeNull()
    const own = venv(join(repository, '.venv'))
    expect(chosen()).toBe(own)
    expect(chosen({ POETRY_VIRTUALENVS_IN_PROJECT: 'false' })).toBe(middle)
    files(repository, { 'poetry.toml': '[virtualenvs]\nin-project = false\n' })
    expect(chosen()).toBe(middle)
  })

  it('poetry: where its configuration says', () => {
    files(folder, { 'pyproject.toml': '[project]\nname = "shop"\n', 'poetry.toml': '' })
    const place = (...parts: string[]) => venv(join(disk, ...parts, `${poetryName('shop', folder)}-py3.12`))
    const [byPath, byCache, byFile, byUser] = [place('envs'), place('cache', 'virtualenvs'), place('local', 'v'), place('user')]
    expect(chosen()).toBeNull()
    files(home, { '.config/pypoetry/config.toml': `[virtualenvs]\npath = "${disk}/user"\n` })
    expect(chosen()).toBe(byUser)
    expect(chosen({ POETRY_CONFIG_DIR: disk, POETRY_CACHE_DIR: join(disk, 'cache') })).toBe(byCache)
    files(folder, { 'poetry.toml': `cache-dir = "${disk}/local"\n[virtualenvs]\npath = "{cache-dir}/v"\n` })
    expect(chosen()).toBe(byFile)
    expect(chosen({ POETRY_VIRTUALENVS_PATH: join(disk, 'envs') })).toBe(byPath)
  })

  it('pipenv: by the path of the Pipfile, before a .venv that it was not told to use', () => {
    files(repository, { Pipfile: '[packages]\ndjango = "*"\n' })
    const name = python(
      `location = sys.argv[1]
name = re.sub(r'[ &$\`!*@"()\\[\\]\\\\\\r\\n\\t]', "_", os.path.basename(os.path.dirname(location)))[0:42]
print(name + "-" + base64.urlsafe_b64encode(hashlib.sha256(location.encode()).digest()[:6]).decode()[:8])`,
      join(repository, 'Pipfile'),
    )
    const kept = venv(join(home, '.local/share/virtualenvs', name))
    expect(find()).toMatchObject({ home: kept, because: `pipenv's environment of ${repository}/Pipfile` })
    expect(chosen({ WORKON_HOME: '~/work' })).toBeNull()
    const work = venv(join(home, 'work', 'custom'))
    expect(chosen({ WORKON_HOME: '~/work', PIPENV_CUSTOM_VENV_NAME: 'custom' })).toBe(work)
    expect(chosen({ WORKON_HOME: '$HOME/work', PIPENV_CUSTOM_VENV_NAME: 'custom' })).toBe(work)
    const own = venv(join(repository, '.venv'))
    expect(chosen()).toBe(kept)
    expect(chosen({ PIPENV_VENV_IN_PROJECT: '1' })).toBe(own)
    files(repository, { Pipfile: '[pipenv]\nvenv_in_project = true\n' })
    expect(chosen()).toBe(own)
  })

  it('pipenv: through a link to the project too', () => {
    files(folder, { Pipfile: '' })
    const link = join(disk, 'link')
    symlinkSync(folder, link)
    const digest = python('print(base64.urlsafe_b64encode(hashlib.sha256(sys.argv[1].encode()).digest()).decode()[:8])', join(realpathSync(folder), 'Pipfile'))
    const kept = venv(join(home, '.local/share/virtualenvs', `backend-${digest}`))
    expect(chosen({}, { folder: link })).toBe(kept)
  })

  it('pdm: the interpreter that it remembers, and its own folder', () => {
    files(repository, { 'pyproject.toml': '[project]\nname = "shop"\n' })
    const digest = python('print(base64.urlsafe_b64encode(hashlib.md5(sys.argv[1].encode()).digest()).decode()[:8])', repository)
    const kept = venv(join(home, '.local/share/pdm/venvs', `shop-${digest}-3.12`))
    expect(find()).toMatchObject({ home: kept, because: `pdm's environment of ${repository}` })
    const own = venv(join(repository, '.venv'))
    expect(chosen()).toBe(own)
    files(repository, { '.pdm-python': `${kept}/bin/python` })
    expect(find()).toMatchObject({ home: kept, because: join(repository, '.pdm-python') })
    expect(chosen({ PDM_IGNORE_SAVED_PYTHON: '1' })).toBe(own)
  })

  it('uv: the root of the workspace, and UV_PROJECT_ENVIRONMENT from there', () => {
    rmSync(join(repository, '.git'), { recursive: true })
    const member = join(repository, 'apps', 'web')
    files(repository, {
      'pyproject.toml': '[project]\nname = "all"\n[tool.uv.workspace]\nmembers = [\n  "apps/*", # all of them\n]\nexclude = ["apps/old"]\n',
      'apps/web/pyproject.toml': '[project]\nname = "web"\n',
      'apps/old/pyproject.toml': '[project]\nname = "old"\n',
    })
    const root = venv(join(repository, '.venv'))
    expect(find({}, { folder: member })).toMatchObject({ home: root, because: `.venv in ${repository}, the root of uv's workspace` })
    const named = venv(join(repository, 'elsewhere', 'env'))
    expect(find({ UV_PROJECT_ENVIRONMENT: 'elsewhere/env' }, { folder: member })).toMatchObject({ home: named, because: 'UV_PROJECT_ENVIRONMENT' })
    expect(chosen({}, { folder: join(repository, 'apps', 'old') })).toBeNull()
  })

  it('conda: CONDA_PREFIX has no pyvenv.cfg, and its base is the last resort', () => {
    const prefix = join(disk, 'conda')
    files(prefix, { 'conda-meta/history': '', 'lib/python3.11/site-packages/django/__init__.py': DJANGO, 'lib/python3.11/os.py': '' })
    const own = venv(join(folder, '.venv'))
    expect(find({ CONDA_PREFIX: prefix })).toMatchObject({ home: prefix, because: 'CONDA_PREFIX', standardLibrary: join(prefix, 'lib/python3.11') })
    expect(chosen({ CONDA_PREFIX: prefix, CONDA_DEFAULT_ENV: 'base' })).toBe(own)
    rmSync(own, { recursive: true })
    expect(chosen({ CONDA_PREFIX: prefix, CONDA_DEFAULT_ENV: 'base' })).toBe(prefix)
  })

  it('pyenv-virtualenv: .python-version names it; a version may be shortened, and leads to no other place', () => {
    const versions = join(home, '.pyenv', 'versions')
    const named = venv(join(versions, 'shop'))
    venv(join(versions, '3.12.1'))
    const newest = venv(join(versions, '3.12.10'))
    files(repository, { '.python-version': '# of this project\n\nshop\n' })
    expect(find()).toMatchObject({ home: named, because: `pyenv's shop, named by ${repository}/.python-version` })
    expect(chosen({ PYENV_VERSION: '3.12' })).toBe(newest)
    expect(chosen({ PYENV_ROOT: join(disk, 'nowhere') })).toBeNull()
    venv(join(home, 'outside'))
    files(repository, { '.python-version': '../../outside\n' })
    expect(chosen()).toBeNull()
  })

  it('Windows: Scripts, Lib, and the folders of AppData', () => {
    const windows = { platform: 'win32' } as const
    const path = join(folder, '.venv')
    files(path, { 'pyvenv.cfg': `home = ${disk}/Python312\nversion = 3.12.4\n`, 'Scripts/python.exe': '', 'Lib/site-packages/django/__init__.py': DJANGO })
    files(disk, { 'Python312/Lib/os.py': '' })
    const found = find({}, windows)
    expect(found).toMatchObject({ home: path, interpreter: join(path, 'Scripts/python.exe'), python: [3, 12], standardLibrary: join(disk, 'Python312/Lib') })
    expect(found.sitePackages).toEqual([join(path, 'Lib/site-packages')])
    expect(find({}, { ...windows, python: join(path, 'Scripts/python.exe') }).home).toBe(path)
    rmSync(path, { recursive: true })
    expect(defaultPython(request({}, windows))).toBe('python')
    const work = venv(join(home, '.virtualenvs', 'shop'))
    files(folder, { '.venv': 'shop' })
    expect(chosen({ USERPROFILE: home }, windows)).toBe(work)
  })
})

describe('--python', () => {
  it('is a path, whatever is in it, also relative and with spaces', () => {
    const bare = venv(join(folder, 'my env'), { django: false })
    venv(join(folder, '.venv'))
    const python = join(bare, 'bin', 'python')
    const found = find({}, { python })
    expect(found).toMatchObject({ home: bare, interpreter: python, because: '--python', djangoVersion: null })
    expect(describeEnvironment(found)).toBe(`The Python is ${python} (--python), where no Django was found`)
    expect(find({}, { python: 'my env/bin/python' }).home).toBe(bare)
    expect(splitWords(defaultPython(request({}, { python: 'my env/bin/python' })))).toEqual([python])
  })

  it('a name is looked for on PATH, a link to an interpreter is followed', () => {
    const own = venv(join(disk, 'own'))
    expect(find({ PATH: `/nowhere:${own}/bin` }, { python: 'python' }).home).toBe(own)
    mkdirSync(join(home, 'bin'))
    symlinkSync(join(own, 'bin', 'python'), join(home, 'bin', 'py'))
    expect(find({ PATH: join(home, 'bin') }, { python: 'py' }).home).toBe(own)
    expect(defaultPython(request({ PATH: join(home, 'bin') }, { python: 'py' }))).toBe('py')
  })

  it('a shim of pyenv stands for the version that it starts', () => {
    const named = venv(join(home, '.pyenv', 'versions', '3.12.1'))
    files(home, { '.pyenv/shims/python': '#!/bin/sh\n', '.pyenv/version': '3.12.1\n' })
    expect(find({}, { python: join(home, '.pyenv/shims/python') }).home).toBe(named)
    expect(chosen()).toBeNull()
  })

  it('a command may start Python anywhere: nothing is read', () => {
    venv(join(folder, '.venv'))
    const python = 'sh -c "exec python"'
    const found = find({}, { python })
    expect(found).toMatchObject({ home: null, sitePackages: [] })
    expect(describeEnvironment(found)).toBe(`The packages of --python "${python}" are not read, for it may start Python anywhere`)
    expect(splitWords(defaultPython(request({}, { python })))).toEqual(['sh', '-c', 'exec python'])
  })

  it.each([
    ['./nowhere/python', 'there is no file ./nowhere/python'],
    ['no-such-python', 'there is no program no-such-python on PATH'],
    ['no-such-docker compose exec web python', 'there is no program no-such-docker on PATH'],
    ['nowhere/run python', 'there is no file nowhere/run'],
    ['', '--python is empty'],
  ])('%s cannot be started, and the next command is said', (python, fact) => {
    const failure = (run: () => unknown) => {
      try {
        return void run()
      } catch (error) {
        return error
      }
    }
    for (const run of [() => find({}, { python }), () => defaultPython(request({}, { python }))]) {
      expect(failure(run)).toMatchObject({ code: 'usage', exitCode: 2, message: expect.stringContaining(fact) })
      expect(failure(run)).toMatchObject({ hint: expect.stringContaining('--python .venv/bin/python') })
    }
    const own = venv(join(folder, '.venv'))
    expect(failure(() => find({}, { python }))).toMatchObject({ hint: `Leave --python out: without it ${own}/bin/python is used (.venv in ${folder}).` })
  })

  it('a folder is told from an interpreter', () => {
    const own = venv(join(disk, 'own'))
    expect(() => find({}, { python: own })).toThrow('is a folder and no interpreter')
    expect(() => find({}, { python: own })).toThrow(expect.objectContaining({ hint: `Name the interpreter in it: --python ${own}/bin/python` }))
  })
})
