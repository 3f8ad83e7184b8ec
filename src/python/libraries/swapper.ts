import { boolean, string, type Value } from '../evaluate/value.js'
import type { LibraryCall } from './library-call.js'

/**
 * django-swappable-models: the setting `APP_MODEL_MODEL` says which model stands in for `app.Model`. A dependency is that of
 * Django's `swappable_dependency`, or on a named version of the other app.
 */
export function swapper(call: LibraryCall): Value | undefined {
  const [app, model] = call.args.map((arg) => (arg.kind === 'string' ? arg.value : undefined))
  switch (call.name) {
    case 'swapper.split':
      return app === undefined ? undefined : { kind: 'tuple', items: splitModel(app).map(string) }
    case 'swapper.join':
      return app === undefined || model === undefined ? undefined : string(`${app}.${model}`)
    case 'swapper.swappable_setting':
      return app === undefined || model === undefined ? undefined : string(settingName(app, model))
    case 'swapper.is_swapped': {
      const name = modelName(call, app, model)
      return name === undefined ? undefined : name === `${app}.${model}` ? boolean(false) : string(name)
    }
    case 'swapper.get_model_name': {
      const name = modelName(call, app, model)
      return name === undefined ? undefined : string(name)
    }
    case 'swapper.dependency': {
      const name = modelName(call, app, model)
      const version = call.args[2] ?? call.keywords.get('version')
      if (name === undefined || (version !== undefined && version.kind !== 'string' && version.kind !== 'none')) return undefined
      const [label] = splitModel(name)
      return { kind: 'tuple', items: [string(label), string(version?.kind === 'string' ? version.value : '__first__')] }
    }
    default:
      return undefined
  }
}

function splitModel(model: string): [app: string, model: string] {
  const at = model.lastIndexOf('.')
  return [model.slice(0, Math.max(0, at)), model.slice(at + 1)]
}

function settingName(app: string, model: string): string {
  return `${app}_${model}_MODEL`.toUpperCase()
}

function modelName({ host }: LibraryCall, app: string | undefined, model: string | undefined): string | undefined {
  if (app === undefined || model === undefined) return undefined
  const value = host.lookUp(`django.conf.settings.${settingName(app, model)}`)
  if (value === undefined) return `${app}.${model}`
  return value.kind === 'string' ? value.value : undefined
}
