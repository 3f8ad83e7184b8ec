import * as Flags from '@oclif/core/flags'
import { MigstateCommand } from '../src/cli/base-command.js'
import { readFlags } from '../src/cli/flags.js'
import { type GraphFormat, renderGraph } from '../src/render/graph.js'
import { graph } from '../src/api/graph.js'

export default class Graph extends MigstateCommand {
  static override summary = 'Show the migration graph, coloured by state.'
  static override usage = 'graph [APP...]'
  static override examples = [
    '<%= config.bin %> graph shop',
    '<%= config.bin %> graph --format mermaid',
    '<%= config.bin %> graph --format dot | dot -Tsvg > graph.svg',
  ]
  static override strict = false
  static override flags = {
    format: Flags.string({ options: ['text', 'mermaid', 'dot'], default: 'text', description: 'Lines, or the language of Mermaid or Graphviz.' }),
    ...readFlags,
  }

  async run(): Promise<void> {
    const parsed = await this.parse(Graph)
    const { flags } = parsed
    const apps = this.words(parsed, 'an app', 0)
    await this.perform(flags, {
      files: 'required',
      readOnly: true,
      work: (workspace) => graph(workspace, { apps }),
      render: (result, page) => renderGraph(result, flags.format as GraphFormat, page),
    })
  }
}
