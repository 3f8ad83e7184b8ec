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

/** What the build knows of the program. */
export interface Built {
  /** The folder of the package. */
  root: string
  pjson: Plugin['pjson']
  ids: string[]
  /** A hundred kilobytes, of which only help and completion need anything. */
  manifest(): Manifest
}

/** oclif's configuration of the built program. Nothing from the user's folders is part of it: oclif would load plugins and a `theme.json` of theirs. */
export async function builtConfig(built: Built): Promise<Config> {
  const config = new BuiltConfig(built)
  await config.load()
  return config
}

/** Knows the ids of the commands, and everything else of them when it is asked. */
class BuiltConfig extends Config {
  readonly #built: Built
  #isWhole = false

  constructor(built: Built) {
    const { root, pjson } = built
    super({ root, pjson, plugins: new Map([[pjson.name, ownPlugin(built)]]), userPlugins: false, devPlugins: false, jitPlugins: false })
    this.#built = built
  }

  override get commandIDs(): string[] {
    return this.#built.ids
  }

  override get commands(): Command.Loadable[] {
    this.#beWhole()
    return super.commands
  }

  override get topics(): Config['topics'] {
    this.#beWhole()
    return super.topics
  }

  override findCommand(id: string, options: { must: true }): Command.Loadable
  override findCommand(id: string, options?: { must: boolean }): Command.Loadable | undefined
  override findCommand(id: string, options?: { must: boolean }): Command.Loadable | undefined {
    this.#beWhole()
    return super.findCommand(id, options)
  }

  override loadTheme(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  /** What oclif does of each plugin at the end of its own `loadPluginsAndCommands`. */
  #beWhole(): void {
    if (this.#isWhole) return
    this.#isWhole = true
    const { manifest, root, pjson, ids } = this.#built
    const whole = ownPlugin({ root, pjson, ids, manifest }, manifest())
    const loader = this as unknown as { loadCommands(plugin: Plugin): void; loadTopics(plugin: Plugin): void }
    loader.loadCommands(whole)
    loader.loadTopics(whole)
  }
}

/** As `Plugin.load` leaves it (oclif's lib/config/plugin.js). */
function ownPlugin({ root, pjson, ids }: Built, manifest: Manifest = { version: pjson.version, commands: {} }): Plugin {
  const { name, version } = pjson
  const plugin = new Plugin({ root, pjson, isRoot: true })
  const commands = Object.values(manifest.commands).map((command) => ({ ...command, pluginAlias: name, pluginType: 'core', load: () => noClass(command.id) }))
  return Object.assign(plugin, {
    ...{ root, pjson, manifest, commands, name, version },
    ...{ alias: name, type: 'core', isRoot: true, valid: true, hasManifest: true, hooks: {}, commandIDs: ids },
  })
}

/** Classes are found by `MainOptions.find`, and never through oclif. */
function noClass(id: string): Promise<Command.Class> {
  throw new Error(`The class of ${id} was asked of oclif.`)
}
