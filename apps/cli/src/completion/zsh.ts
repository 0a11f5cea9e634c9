import type { CommandWords, OptionWords } from './model.js';

/** A function for zsh's completion system, with descriptions. */
export function zshCompletion(commands: readonly CommandWords[]): string {
  return `#compdef espalier
# zsh completion of espalier: eval "$(espalier completion zsh)"
_espalier() {
  if (( CURRENT == 2 )); then
    local -a commands=(
${commands.map(({ name, description }) => `      ${quote(`${name}:${description}`)}`).join('\n')}
    )
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${commands.map(caseOf).join('\n')}
  esac
}
compdef _espalier espalier
`;
}

function caseOf({ name, options, words }: CommandWords): string {
  const specs = [
    ...options.flatMap(specsOf),
    words.length > 0 ? `*:model:{ compadd -- ${words.join(' ')}; _files }` : '*:file:_files',
  ];
  return `    ${name})
      _arguments -s \\
${specs.map((spec) => `        ${quote(spec)}`).join(' \\\n')}
      ;;`;
}

function specsOf({ flags, description, takesValue, choices }: OptionWords): string[] {
  const value = takesValue ? `:value:${choices.length > 0 ? `(${choices.join(' ')})` : '_files'}` : '';
  const said = description.replace(/[[\]:\\]/g, '\\$&');
  return flags.map((flag) => `${flag}[${said}]${value}`);
}

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
