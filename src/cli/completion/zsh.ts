import { commandsWith, fixedValues, flagsThatTake, type Shapes } from './shapes.js'

/** Works when it is sourced after compinit, and as a file `_migstate` of fpath. */
export function zshScript(shapes: Shapes): string {
  return `#compdef migstate
# Completion of migstate for zsh. In ~/.zshrc, after compinit: source <(migstate completion zsh)

# Fills reply with "APP NAME" for each migration below the nearest folder with manage.py, or that of --project.
_migstate_migrations() {
  emulate -L zsh
  setopt extended_glob null_glob
  local root=$PWD file app name
  reply=()
  if [[ -n $1 ]]; then
    root=\${1/#\\~/$HOME}
  else
    until [[ -e $root/manage.py ]]; do
      [[ -n $root ]] || return 0
      root=\${root%/*}
    done
  fi
  for file in $root/^node_modules/migrations/*.py $root/^node_modules/^node_modules/migrations/*.py $root/^node_modules/^node_modules/*/migrations/*.py $root/^node_modules/^node_modules/*/*/migrations/*.py; do
    name=\${file:t:r} app=\${file:h:h:t}
    [[ $name != _* && $app$name != *[^A-Za-z0-9_]* ]] && reply+=("$app $name")
  done
  return 0
}

_migstate() {
  local word app name command= project= kind= current=$PREFIX before=\${words[CURRENT-1]}
  local -a given candidates names reply
  integer index
  for ((index = 2; index < CURRENT; index++)); do
    word=\${words[index]}
    case $word in
      (--project=*) project=\${(Q)word#*=} ;;
      (${flagsThatTake(['text', 'folder', 'file'], shapes).join('|')})
        ((++index))
        [[ $word == --project && $index -lt $CURRENT ]] && project=\${(Q)words[index]}
        ;;
      (help) ((index > 2)) && given+=($word) ;;
      (-*) ;;
      (*) given+=(\${(Q)word}) ;;
    esac
  done
  if [[ $current == --*=* ]]; then
    before=\${current%%=*}
    compset -P '*='
  fi
  case "\${given[1]} \${given[2]}" in
    (${patterns(commandsWith(({ words }) => words.includes(' '), shapes))}) command="\${given[1]} \${given[2]}"; shift 2 given ;;
    (${commandsWith(({ words }) => !words.includes(' '), shapes)
      .map((words) => `'${words} '*`)
      .join('|')}) command=\${given[1]}; shift given ;;
  esac

  case "$command $before" in
${fixedValues(shapes)
  .map(({ at, values }) => `    (${patterns(at)}) compadd -- ${values.map(quoted).join(' ')}; return ;;`)
  .join('\n')}
    (${endings(flagsThatTake(['folder'], shapes))}) _files -/; return ;;
    (${endings(flagsThatTake(['file'], shapes))}) _files; return ;;
    (${endings(flagsThatTake(['text'], shapes))}) return 1 ;;
  esac
  if [[ $current == -* ]]; then
${shapes.groups
  .map(
    ({ commands, flags }) =>
      `    case $command in (${patterns(commands)}) candidates+=(\n${flags.map(({ name, description }) => `      ${described(`--${name}`, description)}`).join('\n')}\n    ) ;; esac`,
  )
  .join('\n')}
    _describe -o -t flags flag candidates
    return
  fi
  if [[ -z $command ]]; then
    case \${#given}\${given[1]} in
      (0) candidates=(
${shapes.first.map(({ word, summary }) => `        ${described(word, summary)}`).join('\n')}
        ${described('help', 'Show help of a command')}
      ) ;;
${shapes.topics.map(({ topic, words }) => `      (1${topic}) candidates=(\n${words.map(({ word, summary }) => `        ${described(word, summary)}`).join('\n')}\n      ) ;;`).join('\n')}
    esac
    _describe -t commands command candidates
    return
  fi
  case $command in
${shapes.commands
  .filter(({ values }) => values.length > 0)
  .map(({ words, values }) => `    (${quoted(words)}) ((\${#given} == 0)) && compadd -- ${values.map(quoted).join(' ')}; return ;;`)
  .join('\n')}
    (${patterns(commandsWith(({ names }) => names === 'apps', shapes))}) kind=app ;;
    (${patterns(commandsWith(({ names, several }) => names === 'migrations' && several, shapes))}) kind=migration ;;
    (${patterns(commandsWith(({ names, several }) => names === 'migrations' && !several, shapes))})
      [[ \${#given} -lt 2 && \${given[1]} != *.* ]] && kind=migration
      ;;
  esac
  [[ -n $kind ]] || return 1
  case $command in (${patterns(commandsWith(({ zero }) => zero, shapes))}) ((\${#given} == 1)) && names+=(zero) ;; esac
  _migstate_migrations "$project"
  for word in "\${reply[@]}"; do
    app=\${word% *} name=\${word#* }
    if [[ $kind == app || ( \${#given} -eq 0 && $current != *.* ) ]]; then
      names+=($app)
    elif [[ $current == *.* || \${given[1]} == *.* ]]; then
      names+=($app.$name)
    elif [[ $app == \${given[1]} ]]; then
      names+=($name)
    fi
  done
  names=(\${(u)names:|given})
  compadd -- $names || _files
}

if [[ \${zsh_eval_context[-1]} == loadautofunc ]]; then
  _migstate "$@"
elif (( $+functions[compdef] )); then
  compdef _migstate migstate
else
  print -u2 'migstate: run "autoload -Uz compinit && compinit" before this script.'
fi
`
}

function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** A line of \`_describe\`: the first colon ends the word. */
function described(word: string, description: string): string {
  return `'${`${word}:${description}`.replaceAll("'", "'\\''")}'`
}

/** Words as patterns of a case; none of them stands for a word that nobody types. */
function patterns(words: readonly string[]): string {
  return words.length === 0 ? "''" : words.map(quoted).join('|')
}

function endings(flags: readonly string[]): string {
  return flags.length === 0 ? "''" : flags.map((flag) => `*' ${flag}'`).join('|')
}
