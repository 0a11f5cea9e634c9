import type { CommandWords, OptionWords } from './model.js';

/** Lines for fish's `complete`, with descriptions. */
export function fishCompletion(commands: readonly CommandWords[]): string {
  const lines = commands.flatMap(({ name, description, options, words }) => [
    `complete -c espalier -n __fish_use_subcommand -f -a ${name} -d ${quote(description)}`,
    ...options.map((option) => `complete -c espalier -n '__fish_seen_subcommand_from ${name}' ${optionLine(option)}`),
    ...(words.length > 0
      ? [`complete -c espalier -n '__fish_seen_subcommand_from ${name}' -a ${quote(words.join(' '))}`]
      : []),
  ]);
  return `# fish completion of espalier: espalier completion fish | source\n${lines.join('\n')}\n`;
}

function optionLine({ flags, description, takesValue, choices }: OptionWords): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const value = takesValue ? [choices.length > 0 ? `-x -a ${quote(choices.join(' '))}` : '-r'] : [];
  return [...names, ...value, `-d ${quote(description)}`].join(' ');
}

const quote = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
