import type { MigrationContext } from './migration-file.js'
import type { Modules } from '../python/modules/modules.js'
import { payStep } from '../python/budget.js'
import { classAttribute } from '../python/evaluate/class-attribute.js'
import { type ClassValue, textOf, type Value } from '../python/evaluate/value.js'
import type { Problem } from './types.js'

/** What an entry of INSTALLED_APPS stands for. */
export interface AppIdentity {
  label: string
  /** The dotted package that AppConfig calls `name`. */
  module: string
  problems: Problem[]
}

type Context = Omit<MigrationContext, 'app'>

/** django/apps/config.py, `AppConfig.create`. @returns null when neither a module nor a class of this name is found */
export function appConfigOf(entry: string, context: Context): AppIdentity | null {
  const { modules } = context
  const told = context.labels?.get(entry)
  if (told !== undefined) return modules.locate(entry) === null ? null : { label: told, module: entry, problems: [] }
  if (modules.locate(entry) !== null) return ofModule(entry, context)
  const at = entry.lastIndexOf('.')
  if (at < 0 || modules.locate(entry.slice(0, at)) === null) return null
  return ofClass(modules.lookUp(entry), entry.slice(0, at), entry.slice(at + 1), context)
}

/** A plain module: its `default_app_config` (before 4.1), the one AppConfig in its apps.py (3.2 and later), else itself. */
function ofModule(entry: string, context: Context): AppIdentity {
  const { modules, rules } = context
  const plain: AppIdentity = { label: lastPart(entry), module: entry, problems: [] }
  const file = modules.findFile(entry)
  if (rules.readsDefaultAppConfig && file?.endsWith('__init__.py') && /default_app_config/.test(modules.files.read(file) ?? '')) {
    const named = textOf(modules.evaluate(file).names.get('default_app_config'))
    if (named !== undefined) return appConfigOf(named, context) ?? plain
  }
  if (!rules.automaticAppConfig) return plain
  const apps = modules.findFile(`${entry}.apps`)
  if (apps === null) return plain
  const configs = configClasses(apps, modules)
  const lost = modules.evaluate(apps).names.get('*limit')
  if (configs.length === 0 && lost?.kind === 'unknown') {
    const { file: place, line, reason } = lost
    plain.problems.push({ code: 'unreadable-file', file: place, line, message: `the label of ${entry} is a guess: ${reason}` })
  }
  const chosen = configs.filter(([, config]) => isDefault(config, modules) !== false)
  const named = chosen.length === 1 ? chosen[0] : configs.find(([, config]) => isDefault(config, modules) === true)
  return named ? (ofClass(named[1], `${entry}.apps`, named[0], context) ?? plain) : plain
}

/** `inspect.getmembers(apps, isclass)`: imported classes count as well, by each name that they have. */
function configClasses(file: string, modules: Modules): [name: string, config: ClassValue][] {
  return [...modules.evaluate(file).names].flatMap(([name, value]): [string, ClassValue][] => {
    const one = value.kind === 'either' ? (value.options.find((option) => option.kind === 'class') ?? value) : value
    const known = one.kind === 'reference' ? (/Config$|App$|^[A-Z]/.test(lastPart(one.name)) ? (modules.lookUp(one.name) ?? one) : one) : one
    return known.kind === 'class' && isAppConfig(known, modules, 0) ? [[name, known]] : []
  })
}

/** A chain of bases that ends in Django's AppConfig, or in something not found that is called like one. */
function isAppConfig(config: ClassValue, modules: Modules, depth: number): boolean {
  return config.bases.some((written) => {
    payStep()
    const base = written.kind === 'reference' ? (modules.lookUp(written.name) ?? written) : written
    if (base.kind === 'reference') return base.name.endsWith('Config')
    return base.kind === 'class' && depth < 20 && isAppConfig(base, modules, depth + 1)
  })
}

function isDefault(config: ClassValue, modules: Modules): boolean | undefined {
  const value = classAttribute(resolver(modules), config, 'default')
  return value?.kind === 'boolean' ? value.value : undefined
}

function ofClass(found: Value | undefined, module: string, name: string, context: Context): AppIdentity | null {
  const { modules, settings } = context
  const packageName = module.includes('.') ? module.slice(0, module.lastIndexOf('.')) : module
  if (found?.kind !== 'class') {
    if (found === undefined && modules.findFile(module) !== null) return null
    const problem: Problem = {
      code: 'unreadable-file',
      file: modules.findFile(module) ?? settings.file,
      line: null,
      message: `the class ${name} cannot be read, so the label of ${packageName} is a guess`,
    }
    return { label: lastPart(packageName), module: packageName, problems: [problem] }
  }
  const problems: Problem[] = []
  const text = (attribute: string): string | undefined => {
    const value = classAttribute(resolver(modules), found, attribute)
    const known = value?.kind === 'reference' ? (modules.lookUp(value.name) ?? value) : value
    if (known !== undefined && textOf(known) === undefined)
      problems.push({ code: 'unreadable-file', file: found.file.file, line: found.line, message: `the ${attribute} of ${name} cannot be read` })
    return textOf(known)
  }
  if (classAttribute(resolver(modules), found, '__init__') && /self\.(label|name)\b/.test(found.file.source))
    problems.push({ code: 'unreadable-file', file: found.file.file, line: found.line, message: `${name} sets its label or name when it is made` })
  const app = text('name') ?? packageName
  return { label: text('label') ?? lastPart(app), module: app, problems }
}

function resolver(modules: Modules) {
  return { resolve: (value: Value): Value => (value.kind === 'reference' ? (modules.lookUp(value.name) ?? value) : value) }
}

function lastPart(dotted: string): string {
  return dotted.slice(dotted.lastIndexOf('.') + 1)
}
