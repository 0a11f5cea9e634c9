import { type CommandWords, type OptionWords, PROGRAM_OPTIONS } from './model.js';

/** A function for zsh's completion system, with descriptions. */
export function zshCompletion(commands: readonly CommandWords[]): string {
  return `#compdef espalier
# zsh completion of espalier: eval "$(espalier completion zsh)"
_espalier() {
  local -a commands=(
${commands.map(({ name, description }) => `    ${quote(`${name.replaceAll(':', '\\:')}:${description}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    if [[ $words[2] == -* ]]; then compadd -- ${PROGRAM_OPTIONS.join(' ')}
    else _describe command commands; fi
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
    help) _describe command commands ;;
${commands.map(caseOf).join('\n')}
  esac
}
compdef _espalier espalier
`;
}

function caseOf({ name, options, words, files }: CommandWords): string {
  const action = actionOf(words, files);
  const specs = [...options.flatMap(specsOf), ...(action === '' ? [] : [`*:argument:${action}`])];
  return `    ${name})
      _arguments -s \\
${specs.map((spec) => `        ${quote(spec)}`).join(' \\\n')}
      ;;`;
}

function specsOf({ flags, description, takesValue, choices, many, files }: OptionWords): string[] {
  const action = many && choices.length > 0 ? `_sequence compadd - ${choices.join(' ')}` : actionOf(choices, files);
  const value = takesValue ? `:value:${action === '' ? ' ' : action}` : '';
  const said = description.replace(/[[\]:\\]/g, '\\$&');
  // A long option takes its value behind = as well.
  return flags.map((flag) => `${flag}${takesValue && flag.startsWith('--') ? '=' : ''}[${said}]${value}`);
}

/** What completes a value: words, files, both or nothing. */
function actionOf(words: readonly string[], files: boolean): string {
  if (words.length === 0) return files ? '_files' : '';
  return files ? `{ compadd -- ${words.join(' ')}; _files }` : `(${words.join(' ')})`;
}

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
