import { type CommandWords, type OptionWords, PROGRAM_OPTIONS } from './model.js';

/** A function for bash's `complete`: words of the program where it has them, files where these may be. */
export function bashCompletion(commands: readonly CommandWords[]): string {
  const names = commands.map(({ name }) => name);
  return `# bash completion of espalier: eval "$(espalier completion bash)"
_espalier() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]}
  # --option=value is three words to bash.
  if [[ $cur == = ]]; then cur=''
  elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W '${[...names, 'help', ...PROGRAM_OPTIONS].join(' ')}' -- "$cur"))
    return
  fi
  # What stands before the last comma of a list.
  local before=''
  [[ $cur == *,* ]] && before=\${cur%,*},
  local options='' words='' files=''
  case $command in
    help) COMPREPLY=($(compgen -W '${names.join(' ')}' -- "$cur")); return ;;
${commands.map(caseOf).join('\n')}
    *) return ;;
  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
  else
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    [[ -n $files ]] && COMPREPLY+=($(compgen -f -- "$cur"))
  fi
}
complete -o filenames -F _espalier espalier
`;
}

function caseOf({ name, options, words, files }: CommandWords): string {
  const valued = options.filter(({ takesValue }) => takesValue);
  return `    ${name})
      case $prev in
${valued.map((option) => `        ${option.flags.join('|')}) ${replyOf(option)}return ;;`).join('\n')}
      esac
      options='${options.flatMap(({ flags }) => flags).join(' ')}' words='${words.join(' ')}' files='${files ? 'yes' : ''}' ;;`;
}

function replyOf({ choices, many, files }: OptionWords): string {
  const said = choices.join(' ');
  const fromWords = many
    ? `COMPREPLY=($(compgen -P "$before" -W '${said}' -- "\${cur##*,}")); compopt -o nospace 2>/dev/null; `
    : `COMPREPLY=($(compgen -W '${said}' -- "$cur")); `;
  return (choices.length > 0 ? fromWords : '') + (files ? 'COMPREPLY+=($(compgen -f -- "$cur")); ' : '');
}
