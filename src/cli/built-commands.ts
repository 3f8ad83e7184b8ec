import type { Command } from '@oclif/core/command'
import { Config, Plugin } from '@oclif/core/config'

/** What oclif knows of every command: its flags, arguments and words of help (`Command.Cached`). */
export type Manifest = Plugin['manifest']

/** What oclif says of all commands: asked by the build, which puts it into the bundle. Else oclif would make it at each start. */
export async function manifestOf(root: string, pjson: Plugin['pjson'], commands: Readonly<Record<string, Command.Class>>): Promise<Manifest> {
  const plugin = new Plugin({ root, pjson, isRoot: true, ignoreManifest: true, errorOnManifestCreate: true })
  // It would look for them in a file, which is not there yet.
  Object.assign<object, object>(plugin, { commandCache: commands })
  await plugin.load()
  return plugin.manifest
}

/** oclif's configuration of the built program. Nothing from the user's folders is part of it: oclif would load plugins of theirs. */
export async function builtConfig(root: string, pjson: Plugin['pjson'], manifest: Manifest): Promise<Config> {
  const plugins = new Map([[pjson.name, ownPlugin(root, pjson, manifest)]])
  return Config.load({ root, pjson, plugins, userPlugins: false, devPlugins: false, jitPlugins: false })
}

/** As `Plugin.load` leaves it (oclif's lib/config/plugin.js). */
function ownPlugin(root: string, pjson: Plugin['pjson'], manifest: Manifest): Plugin {
  const { name, version } = pjson
  const plugin = new Plugin({ root, pjson, isRoot: true })
  const commands = Object.values(manifest.commands).map((command) => ({ ...command, pluginAlias: name, pluginType: 'core', load: () => noClass(command.id) }))
  return Object.assign(plugin, {
    ...{ root, pjson, manifest, commands, name, version },
    ...{ alias: name, type: 'core', isRoot: true, valid: true, hasManifest: true, hooks: {}, commandIDs: Object.keys(manifest.commands) },
  })
}

/** Classes are found by `MainOptions.find`, and never through oclif. */
function noClass(id: string): Promise<Command.Class> {
  throw new Error(`The class of ${id} was asked of oclif.`)
}
