import { type CommandWords, type OptionWords, PROGRAM_OPTIONS } from './model.js';

/** Lines for fish's `complete`, with descriptions. */
export function fishCompletion(commands: readonly CommandWords[]): string {
  const first = 'complete -c espalier -n __espalier_first';
  const lines = commands.flatMap(({ name, description, options, words, files }) => {
    const here = `complete -c espalier -n '__espalier_command ${name}'`;
    const said = words.length > 0 ? ` -a ${quote(words.join(' '))}` : '';
    return [
      `${first} -a ${name} -d ${quote(description)}`,
      ...options.map((option) => `${here} ${optionLine(option)}`),
      ...(files || words.length > 0 ? [`${here}${files ? ' -F' : ''}${said}`] : []),
    ];
  });
  return `# fish completion of espalier: espalier completion fish | source
function __espalier_first
  test (count (commandline -opc)) -eq 1
end
function __espalier_command
  set -l words (commandline -opc)
  test (count $words) -ge 2; and test $words[2] = $argv[1]
end
# What an option takes, behind what stands before the last comma.
function __espalier_many
  set -l before (commandline -ct | string replace -r '^-[^=]*=' '' | string replace -r '[^,]*$' '')
  for word in $argv
    echo $before$word
  end
end
complete -c espalier -f
${PROGRAM_OPTIONS.map((option) => `${first} -l ${option.slice(2)}`).join('\n')}
complete -c espalier -n '__espalier_command help' -a ${quote(commands.map(({ name }) => name).join(' '))}
${lines.join('\n')}
`;
}

function optionLine({ flags, description, takesValue, choices, many, files }: OptionWords): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const words = many ? `(__espalier_many ${choices.join(' ')})` : choices.join(' ');
  const value = takesValue ? ['-r', files ? '-F' : '-f', ...(choices.length > 0 ? [`-a ${quote(words)}`] : [])] : [];
  return [...names, ...value, `-d ${quote(description)}`].join(' ');
}

const quote = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
