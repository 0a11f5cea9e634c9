import { Argument, Command } from 'commander';
import { bashCompletion } from '../completion/bash.js';
import { fishCompletion } from '../completion/fish.js';
import { describeProgram } from '../completion/model.js';
import { zshCompletion } from '../completion/zsh.js';

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

export function completionCommand(program: () => Command): Command {
  return new Command('completion')
    .description('prints what makes a shell complete espalier, for its start-up file')
    .addArgument(new Argument('<shell>', 'what it is for').choices(Object.keys(SHELLS)))
    .addHelpText(
      'after',
      '\nbash, zsh: eval "$(espalier completion bash)"\nfish:      espalier completion fish | source',
    )
    .action((shell: keyof typeof SHELLS) => {
      process.stdout.write(SHELLS[shell](describeProgram(program())));
    });
}
