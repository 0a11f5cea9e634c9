import type { CommandWords } from './model.js';

/** A function for bash's `complete`: words of the program where it has them, else files. */
export function bashCompletion(commands: readonly CommandWords[]): string {
  const names = commands.map(({ name }) => name);
  return `# bash completion of espalier: eval "$(espalier completion bash)"
_espalier() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]}
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W '${[...names, 'help', '--help', '--version'].join(' ')}' -- "$cur"))
    return
  fi
  local options='' words=''
  case $command in
    help) COMPREPLY=($(compgen -W '${names.join(' ')}' -- "$cur")); return ;;
${commands.map(caseOf).join('\n')}
    *) return ;;
  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
  else
    COMPREPLY=($(compgen -W "$words" -- "$cur") $(compgen -f -- "$cur"))
  fi
}
complete -o filenames -o bashdefault -F _espalier espalier
`;
}

function caseOf({ name, options, words }: CommandWords): string {
  const valued = options.filter(({ takesValue }) => takesValue);
  const chosen = valued.filter(({ choices }) => choices.length > 0);
  const free = valued.filter(({ choices }) => choices.length === 0);
  return `    ${name})
      case $prev in
${chosen.map(({ flags, choices }) => `        ${flags.join('|')}) COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$cur")); return ;;`).join('\n')}
        ${free.length > 0 ? free.flatMap(({ flags }) => flags).join('|') : "''"}) COMPREPLY=($(compgen -f -- "$cur")); return ;;
      esac
      options='${options.flatMap(({ flags }) => flags).join(' ')}' words='${words.join(' ')}' ;;`;
}
