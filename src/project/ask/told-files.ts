import { OF_MODEL, PARAMETERS, STATE_ONLY } from '../../django/operation-kinds.js'
import type { Rules } from '../../django/rules.js'
import { dataOf } from '../data-of.js'
import { changesSchema } from '../sql-text.js'
import type { AppFiles, Dependency, MigrationFile, Operation, ProjectFiles } from '../types.js'
import type { DjangoAnswer, ToldLoader, ToldMigration, ToldOperation } from './answer.js'

/** The project as Django's own loader has it: nothing of it is in doubt. */
export function toldFiles(
  answer: DjangoAnswer & { loader: ToldLoader },
  place: { folder: string; settingsModule: string | null; djangoVersion: string | null },
  rules: Rules,
): ProjectFiles {
  const { loader, settings } = answer
  const migrated = new Set(loader.migrated)
  const models = new Map(Object.entries(settings).flatMap(([name, value]) => (name.endsWith('_MODEL') && typeof value === 'string' ? [[value, name]] : [])))
  const byApp = new Map<string, MigrationFile[]>()
  for (const one of loader.migrations) {
    const file = toldMigration(one, models)
    const own = byApp.get(one.app)
    if (own) own.push(file)
    else byApp.set(one.app, [file])
  }
  return {
    ...place,
    apps: answer.apps.map(
      ({ label, name, path }): AppFiles => ({
        label,
        module: name,
        path,
        migrated: migrated.has(label),
        broken: null,
        problems: [],
        migrations: byApp.get(label) ?? [],
      }),
    ),
    notFound: [],
    complete: true,
    problems: [],
    broken: null,
    told: loader.graph,
    useTz: typeof settings.USE_TZ === 'boolean' ? settings.USE_TZ : rules.usesTzByDefault,
    timeZone: typeof settings.TIME_ZONE === 'string' ? settings.TIME_ZONE : null,
  }
}

/** @param models the settings that name a model, by that name: a swappable dependency of Django's keeps only the name */
function toldMigration(one: ToldMigration, models: ReadonlyMap<string, string>): MigrationFile {
  const dependency = ([app, name, model]: ToldMigration['dependencies'][number]): Dependency => {
    const setting = model === undefined ? undefined : models.get(model)
    return { app, name, ...(model === undefined ? {} : { swappable: setting === undefined ? model : `settings.${setting}` }) }
  }
  const operations = one.operations.map(toldOperation)
  return {
    app: one.app,
    name: one.name,
    file: one.file ?? '',
    ...(one.label === one.app ? {} : { recordedAs: one.label }),
    dependencies: one.dependencies.map(dependency),
    runBefore: one.runBefore.map(dependency),
    replaces: one.replaces,
    initial: one.initial,
    atomic: one.atomic,
    operations,
    data: dataOf(operations),
    problems: [],
    broken: null,
  }
}

function toldOperation(one: ToldOperation): Operation {
  const kind = one.bases.find((base) => PARAMETERS.has(base))
  const inner = one.inner?.map(toldOperation)
  const names = namesOf(kind, one)
  const base = { type: one.type, line: 1, ...names, ...(one.elidable ? { elidable: true } : {}), reversible: reversibleOf(one, inner) }
  // What a class of its own does in the database is its own affair.
  const isOwn = !one.own.includes('database_forwards')
  if (kind === 'RunPython') {
    const atomic = one.atomic === null || one.atomic === undefined ? {} : { atomic: one.atomic }
    const code = one.code ?? '(unknown)'
    return { ...base, ...atomic, code, ...noop(one), summary: `${one.type} ${code}`, data: true, schema: isOwn ? false : null }
  }
  if (kind === 'RunSQL') {
    const schema = one.sql?.some(changesSchema) ? true : isOwn ? false : null
    return { ...base, ...noop(one), summary: `${one.type} ${sqlText(one)}`, data: true, schema }
  }
  if (inner) {
    const summary = `${one.type} (${inner.map((each) => each.summary).join(', ')})`
    return { ...base, summary, data: inner.some((each) => each.data === true), schema: isOwn ? any(inner.map((each) => each.schema)) : null }
  }
  const what = [names.model, names.field ?? (names.model === undefined ? names.name : undefined)].filter(Boolean).join('.')
  const summary = what ? `${one.type} ${what}` : one.type
  return { ...base, summary, data: false, schema: kind === undefined || !isOwn ? null : !STATE_ONLY.has(kind) }
}

function noop({ noop: isNoop }: ToldOperation): Pick<Operation, 'reverseIsNoop'> {
  return isNoop ? { reverseIsNoop: true } : {}
}

/** Django asks the wrapper, which says yes, and dies on what is inside (special.py, SeparateDatabaseAndState.database_backwards). */
function reversibleOf({ reversible }: ToldOperation, inner: readonly Operation[] | undefined): boolean | null {
  return reversible === true && inner ? all(inner.map((each) => each.reversible)) : reversible
}

function any(values: readonly (boolean | null)[]): boolean | null {
  return values.includes(true) ? true : values.includes(null) ? null : false
}

function all(values: readonly (boolean | null)[]): boolean | null {
  return values.includes(false) ? false : values.includes(null) ? null : true
}

type Names = Pick<Operation, 'model' | 'field' | 'name' | 'oldName' | 'newName'>

function namesOf(kind: string | undefined, one: ToldOperation): Names {
  const ofModel = kind !== undefined && OF_MODEL.has(kind)
  const isField = /Field$/.test(kind ?? '')
  const names: Record<keyof Names, string | null> = {
    model: kind === 'RenameModel' ? one.new_name : (one.model_name ?? (ofModel ? one.name : null)),
    field: isField ? (one.name ?? one.new_name) : null,
    name: isField || ofModel ? null : one.name,
    oldName: one.old_name,
    newName: one.new_name,
  }
  return Object.fromEntries(Object.entries(names).filter(([, value]) => value !== null))
}

function sqlText({ sql = [], plain }: ToldOperation): string {
  if (!plain) return '(not a plain string)'
  const text = (sql[0] ?? '').slice(0, 1000).replace(/\s+/g, ' ').trim()
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}
