import { commandsWith, fixedValues, flagsThatTake, type Shapes } from './shapes.js'

/** For Windows PowerShell 5.1 and PowerShell 7. Where it gives nothing, PowerShell completes file names. */
export function powershellScript(shapes: Shapes): string {
  return `# Completion of migstate for PowerShell. In $PROFILE: migstate completion powershell | Out-String | Invoke-Expression

Register-ArgumentCompleter -Native -CommandName migstate, migstate.cmd, migstate.ps1 -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # "APP NAME" for each migration below the nearest folder with manage.py, or that of --project.
    function Get-MigstateMigration([string] $root) {
        if (-not $root) {
            $root = (Get-Location -PSProvider FileSystem).ProviderPath
            while ($root -and -not (Test-Path -LiteralPath (Join-Path $root 'manage.py'))) { $root = Split-Path -Parent $root }
            if (-not $root) { return }
        }
        $start = [System.Management.Automation.WildcardPattern]::Escape($root)
        $below = @(Get-ChildItem -Path (Join-Path $start '*'), (Join-Path $start '*/*') -Directory -ErrorAction SilentlyContinue |
            Where-Object { $_.FullName -notmatch '[/\\\\]node_modules([/\\\\]|$)' } | ForEach-Object {
                $folder = [System.Management.Automation.WildcardPattern]::Escape($_.FullName)
                Join-Path $folder 'migrations/*.py'
                Join-Path $folder '*/*/migrations/*.py'
            } | Select-Object -Unique)
        if (-not $below) { return }
        Get-ChildItem -Path $below -File -ErrorAction SilentlyContinue | ForEach-Object {
            $app = $_.Directory.Parent.Name
            if ($_.BaseName -match '^[A-Za-z0-9][A-Za-z0-9_]*$' -and $app -match '^[A-Za-z0-9_]+$') { "$app $($_.BaseName)" }
        }
    }

    function New-MigstateResult([string] $text, [string] $description) {
        if (-not $text.StartsWith($wordToComplete, [StringComparison]::Ordinal)) { return }
        if (-not $description) { $description = $text }
        [System.Management.Automation.CompletionResult]::new($text, $text, 'ParameterValue', $description)
    }

    $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString().Trim("'", '"') })
    $before = if ($words.Count -gt 0) { $words[-1] } else { '' }
    $given = @()
    $project = ''
    $flag = ''
    foreach ($word in $words) {
        if ($flag) {
            if ($flag -ceq '--project') { $project = $word }
            $flag = ''
        } elseif ($word -cin @(${list(flagsThatTake(['text', 'folder', 'file'], shapes))})) {
            $flag = $word
        } elseif ($word -clike '--project=*') {
            $project = $word.Substring(10)
        } elseif (-not $word.StartsWith('-') -and -not ($word -ceq 'help' -and $given.Count -eq 0)) {
            $given += $word
        }
    }
    $command = ''
    $pair = ($given | Select-Object -First 2) -join ' '
    if ($pair -cin @(${list(commandsWith(({ words }) => words.includes(' '), shapes))})) {
        $command = $pair
        $given = @($given | Select-Object -Skip 2)
    } elseif ($given.Count -gt 0 -and $given[0] -cin @(${list(commandsWith(({ words }) => !words.includes(' '), shapes))})) {
        $command = $given[0]
        $given = @($given | Select-Object -Skip 1)
    }

${fixedValues(shapes)
  .map(({ at, values }) => `    if ("$command $before" -cin @(${list(at)})) { ${list(values)} | ForEach-Object { New-MigstateResult $_ }; return }`)
  .join('\n')}
    if ($before -cin @(${list(flagsThatTake(['text', 'folder', 'file'], shapes))})) { return }
    if ($wordToComplete.StartsWith('-')) {
${shapes.groups
  .map(
    ({ commands, flags }) =>
      `        if ($command -cin @(${list(commands)})) {\n${flags.map(({ name, description }) => `            ${result(`--${name}`, description)}`).join('\n')}\n        }`,
  )
  .join('\n')}
        return
    }
    if (-not $command) {
        if ($given.Count -eq 0) {
${shapes.first.map(({ word, summary }) => `            ${result(word, summary)}`).join('\n')}
            ${result('help', 'Show help of a command')}
        }
${shapes.topics
  .map(
    ({ topic, words }) =>
      `        if ($given.Count -eq 1 -and $given[0] -ceq ${quoted(topic)}) {\n${words.map(({ word, summary }) => `            ${result(word, summary)}`).join('\n')}\n        }`,
  )
  .join('\n')}
        return
    }
${shapes.commands
  .filter(({ values }) => values.length > 0)
  .map(
    ({ words, values }) =>
      `    if ($command -ceq ${quoted(words)}) { if ($given.Count -eq 0) { ${list(values)} | ForEach-Object { New-MigstateResult $_ } }; return }`,
  )
  .join('\n')}
    $takesApps = $command -cin @(${list(commandsWith(({ names }) => names === 'apps', shapes))})
    $takesSeveral = $command -cin @(${list(commandsWith(({ names, several }) => names === 'migrations' && several, shapes))})
    $takesOne = $command -cin @(${list(commandsWith(({ names, several }) => names === 'migrations' && !several, shapes))})
    $dotted = $wordToComplete.Contains('.') -or ($given.Count -gt 0 -and $given[0].Contains('.'))
    if ($takesOne -and ($given.Count -ge 2 -or ($given.Count -eq 1 -and $given[0].Contains('.')))) { return }
    if (-not ($takesApps -or $takesSeveral -or $takesOne)) { return }
    $names = @(Get-MigstateMigration $project | ForEach-Object {
        $app, $name = $_ -split ' '
        if ($takesApps -or ($given.Count -eq 0 -and -not $dotted)) { $app }
        elseif ($dotted) { "$app.$name" }
        elseif ($app -ceq $given[0]) { $name }
    })
    if ($given.Count -eq 1 -and -not $dotted -and $command -cin @(${list(commandsWith(({ zero }) => zero, shapes))})) { $names += 'zero' }
    $names | Select-Object -Unique | Where-Object { $_ -cnotin $given } | ForEach-Object { New-MigstateResult $_ }
}
`
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "''")}'`
}

function list(words: readonly string[]): string {
  return words.map(quoted).join(', ')
}

function result(word: string, description: string): string {
  return `New-MigstateResult ${quoted(word)} ${quoted(description)}`
}
