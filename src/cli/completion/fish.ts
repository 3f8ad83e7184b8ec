import { commandsWith, fixedValues, flagsThatTake, type Shapes } from './shapes.js'

/** For fish 3.1 and later; one function, because fish would evaluate the condition of every single flag at each Tab. */
export function fishScript(shapes: Shapes): string {
  return `# Completion of migstate for fish. In ~/.config/fish/config.fish: migstate completion fish | source

# "APP NAME" for each migration below the nearest folder with manage.py, or that of --project.
function __migstate_migrations
    set -l root $PWD
    if test -n "$argv[1]"
        set root (string replace -r '^~' -- $HOME $argv[1])
    else
        while not test -e $root/manage.py
            test -n "$root"; or return
            set root (string replace -r '/[^/]*$' '' -- $root)
        end
    end
    set -l top $root/*/
    set -l top (string match -v '*/node_modules/' -- $top)
    set -l below $top*/
    set -l below (string match -v '*/node_modules/' -- $below)
    set -l files {$top}migrations/*.py {$below}migrations/*.py {$below}*/migrations/*.py {$below}*/*/migrations/*.py
    string replace -rf '^.*/([A-Za-z0-9_]+)/migrations/([A-Za-z0-9][A-Za-z0-9_]*)\\.py$' '$1 $2' -- $files
end

function __migstate_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l before $words[-1]
    set -e words[1]
    set -l given
    set -l project
    set -l command
    set -l kind
    set -l flag
    for word in $words
        if test -n "$flag"
            test "$flag" = --project; and set project $word
            set flag
            continue
        end
        switch $word
            case '--project=*'
                set project (string replace -r '^[^=]*=' '' -- $word)
            case ${flagsThatTake(['text', 'folder', 'file'], shapes).join(' ')}
                set flag $word
            case '-*'
            case '*'
                test "$word" = help -a -z "$given"; or set -a given $word
        end
    end
    switch "$given[1] $given[2]"
        case ${patterns(commandsWith(({ words }) => words.includes(' '), shapes))}
            set command "$given[1] $given[2]"
            set -e given[1..2]
        case ${commandsWith(({ words }) => !words.includes(' '), shapes)
          .map((words) => `'${words} *'`)
          .join(' ')}
            set command $given[1]
            set -e given[1]
    end

    set -l start ''
    if string match -q -- '--*=*' $current
        set before (string replace -r '=.*$' '' -- $current)
        set start $before=
    end
    switch "$command $before"
${fixedValues(shapes)
  .map(({ at, values }) => `        case ${patterns(at)}\n            printf '%s\\n' $start${braced(values)}\n            return`)
  .join('\n')}
        case ${endings(flagsThatTake(['folder'], shapes))}
            __fish_complete_directories (string replace -- "$start" '' $current)
            return
        case ${endings(flagsThatTake(['file'], shapes))}
            __fish_complete_path (string replace -- "$start" '' $current)
            return
        case ${endings(flagsThatTake(['text'], shapes))}
            return
    end
    if string match -q -- '-*' $current
${shapes.groups
  .map(
    ({ commands, flags }) =>
      `        switch $command\n            case ${patterns(commands)}\n${flags.map(({ name, description }) => `                ${line(`--${name}`, description)}`).join('\n')}\n        end`,
  )
  .join('\n')}
        return
    end
    if test -z "$command"
        switch (count $given)"$given[1]"
            case 0
${shapes.first.map(({ word, summary }) => `                ${line(word, summary)}`).join('\n')}
                ${line('help', 'Show help of a command')}
${shapes.topics.map(({ topic, words }) => `            case 1${topic}\n${words.map(({ word, summary }) => `                ${line(word, summary)}`).join('\n')}`).join('\n')}
        end
        return
    end
    switch $command
${shapes.commands
  .filter(({ values }) => values.length > 0)
  .map(
    ({ words, values }) =>
      `        case ${quoted(words)}\n            test (count $given) -eq 0; and printf '%s\\n' ${values.map(quoted).join(' ')}\n            return`,
  )
  .join('\n')}
        case ${patterns(commandsWith(({ names }) => names === 'apps', shapes))}
            set kind app
        case ${patterns(commandsWith(({ names, several }) => names === 'migrations' && several, shapes))}
            set kind migration
        case ${patterns(commandsWith(({ names, several }) => names === 'migrations' && !several, shapes))}
            test (count $given) -lt 2; and not string match -q -- '*.*' "$given[1]"; and set kind migration
    end
    test -n "$kind"; or return
    set -l names (__migstate_migrations $project)
    if test $kind = app; or test (count $given) -eq 0; and not string match -q -- '*.*' $current
        set names (string replace -r ' .*' '' -- $names)
    else if string match -q -- '*.*' $current "$given[1]"
        set names (string replace ' ' . -- $names)
    else
        set names (string replace -rf -- "^$given[1] " '' $names)
        switch $command
            case ${patterns(commandsWith(({ zero }) => zero, shapes))}
                set -a names zero
        end
    end
    for name in $names
        contains -- $name $given; or echo $name
    end
    # A migration may also be given as the path of its file.
    string match -q -- '*/*' $current; and __fish_complete_path $current
end

complete -c migstate -f -a '(__migstate_complete)'
`
}

function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

/** A candidate and what it is, parted by a tab. */
function line(word: string, description: string): string {
  return `printf '%s\\t%s\\n' ${quoted(word)} ${quoted(description)}`
}

function braced(values: readonly string[]): string {
  return values.length === 1 ? quoted(values[0] as string) : `{${values.map(quoted).join(',')}}`
}

function patterns(words: readonly string[]): string {
  return words.length === 0 ? "''" : words.map(quoted).join(' ')
}

function endings(flags: readonly string[]): string {
  return flags.length === 0 ? "''" : flags.map((flag) => `'* ${flag}'`).join(' ')
}
