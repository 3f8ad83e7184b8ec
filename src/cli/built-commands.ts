import type { Command } from '@oclif/core/command'
import { Config, Plugin } from '@oclif/core/config'

/** What oclif knows of every command: its flags, arguments and words of help (`Command.Cached`). */
export type Manifest = Plugin['manifest']

/**
 * oclif's configuration of the built program. Without the manifest, which the build makes and puts into the bundle, oclif would make it from the
 * command classes at each start.
 * @param manifest null: made here, which is how the build gets it
 */
export async function builtConfig(root: string, pjson: Plugin['pjson'], manifest: Manifest | null): Promise<Config> {
  // Nothing from the user's folders is part of the program: oclif would load plugins of theirs.
  const plugins = manifest === null ? undefined : new Map([[pjson.name, ownPlugin(root, pjson, manifest)]])
  return Config.load({ root, pjson, userPlugins: false, devPlugins: false, jitPlugins: false, ...(plugins ? { plugins } : {}) })
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
