import { commandsWith, fixedValues, flagsThatTake, type Shapes } from './shapes.js'

/** For bash 3.2 (macOS) and later. Nothing that a folder is called is ever expanded: `compgen -W` would. */
export function bashScript(shapes: Shapes): string {
  return `# Completion of migstate for bash. In ~/.bashrc: source <(migstate completion bash)

# "APP NAME" for each migration below the nearest folder with manage.py, or that of --project.
_migstate_migrations() (
  set +fu
  unset GLOBIGNORE
  shopt -s nullglob
  shopt -u dotglob failglob
  LC_ALL=C
  root=$PWD
  if [[ -n $1 ]]; then
    root=\${1/#\\~/$HOME}
  else
    until [[ -e $root/manage.py ]]; do
      [[ -n $root ]] || exit 0
      root=\${root%/*}
    done
  fi
  for top in "$root"/*/; do
    [[ $top == */node_modules/ ]] && continue
    _migstate_print "$top"migrations/*.py
    for below in "$top"*/; do
      [[ $below == */node_modules/ ]] || _migstate_print "$below"migrations/*.py "$below"*/migrations/*.py "$below"*/*/migrations/*.py
    done
  done
)

_migstate_print() {
  for file; do
    name=\${file##*/}
    name=\${name%.py}
    app=\${file%/migrations/*}
    app=\${app##*/}
    [[ $name != _* && $app$name != *[!A-Za-z0-9_]* ]] && printf '%s %s\\n' "$app" "$name"
  done
}

_migstate() {
  COMPREPLY=()
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  local index word app name last= command= project= kind=
  local given=() words=()
  # bash parts "--flag=value" into three words.
  if [[ $current == = ]]; then current=; elif [[ $before == = ]]; then before=\${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    case $word in
      ${flagsThatTake(['text', 'folder', 'file'], shapes).join('|')})
        [[ \${COMP_WORDS[index+1]} == = ]] && index=$((index + 1))
        index=$((index + 1))
        [[ $word == --project && $index -lt $COMP_CWORD ]] && project=\${COMP_WORDS[index]}
        ;;
      help) [[ $index -gt 1 ]] && given+=("$word") ;;
      -*|=) ;;
      *) given+=("$word") ;;
    esac
  done
  case "\${given[0]} \${given[1]}" in
    ${patterns(commandsWith(({ words }) => words.includes(' '), shapes))}) command="\${given[0]} \${given[1]}" given=("\${given[@]:2}") ;;
    ${commandsWith(({ words }) => !words.includes(' '), shapes)
      .map((words) => `'${words} '*`)
      .join('|')}) command=\${given[0]} given=("\${given[@]:1}") ;;
  esac

  case "$command $before" in
${fixedValues(shapes)
  .map(({ at, values }) => `    ${patterns(at)}) words=(${values.map(quoted).join(' ')}) kind=value ;;`)
  .join('\n')}
    ${endings(flagsThatTake(['folder'], shapes))}) _migstate_paths -d "$current"; return ;;
    ${endings(flagsThatTake(['file'], shapes))}) _migstate_paths -f "$current"; return ;;
    ${endings(flagsThatTake(['text'], shapes))}) [[ $kind ]] || return ;;
  esac
  if [[ $kind ]]; then
    :
  elif [[ $current == -* ]]; then
${shapes.groups
  .map(({ commands, flags }) => `    case $command in ${patterns(commands)}) words+=(${flags.map(({ name }) => quoted(`--${name}`)).join(' ')}) ;; esac`)
  .join('\n')}
  elif [[ -z $command ]]; then
    case \${#given[@]}\${given[0]} in
      0) words=(${shapes.first.map(({ word }) => quoted(word)).join(' ')} help) ;;
${shapes.topics.map(({ topic, words }) => `      1${topic}) words=(${words.map(({ word }) => quoted(word)).join(' ')}) ;;`).join('\n')}
    esac
  else
    case $command in
${shapes.commands
  .filter(({ values }) => values.length > 0)
  .map(({ words, values }) => `      ${quoted(words)}) [[ \${#given[@]} -eq 0 ]] && words=(${values.map(quoted).join(' ')}) ;;`)
  .join('\n')}
      ${patterns(commandsWith(({ names }) => names === 'apps', shapes))}) kind=app ;;
      ${patterns(commandsWith(({ names, several }) => names === 'migrations' && several, shapes))}) kind=migration ;;
      ${patterns(commandsWith(({ names, several }) => names === 'migrations' && !several, shapes))})
        [[ \${#given[@]} -lt 2 && \${given[0]} != *.* ]] && kind=migration
        ;;
    esac
    case $command in ${patterns(commandsWith(({ zero }) => zero, shapes))}) [[ $kind && \${#given[@]} -eq 1 ]] && words+=(zero) ;; esac
    [[ $kind ]] && while read -r app name; do
      if [[ $kind == app || ( \${#given[@]} -eq 0 && $current != *.* ) ]]; then
        word=$app
      elif [[ $current == *.* || \${given[0]} == *.* ]]; then
        word=$app.$name
      else
        word=$name
        [[ $app == "\${given[0]}" ]] || continue
      fi
      [[ $word == "$last" || " \${given[*]} " == *" $word "* ]] || words+=("$word")
      last=$word
    done < <(_migstate_migrations "$project")
  fi
  for word in "\${words[@]}"; do
    [[ $word == "$current"* ]] && COMPREPLY+=("$word")
  done
  return 0
}

_migstate_paths() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen "$1" -- "$2"))
}

complete -o bashdefault -o default -F _migstate migstate
`
}

function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** Words as patterns of a case; none of them stands for a word that nobody types. */
function patterns(words: readonly string[]): string {
  return words.length === 0 ? "''" : words.map(quoted).join('|')
}

function endings(flags: readonly string[]): string {
  return flags.length === 0 ? "''" : flags.map((flag) => `*' ${flag}'`).join('|')
}
