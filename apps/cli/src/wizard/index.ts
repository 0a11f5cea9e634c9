import { shellWords } from '../about.js';
import { line } from '../ui.js';
import { argumentsOf } from './answers.js';
import { Cancelled, type Prompts, promptsOn, type Terminal } from './prompts.js';
import { askAll } from './questions.js';

/**
 * Asks what to prune and how, shows the command that does it, and runs it. Nothing is written before the last answer;
 * whoever breaks off leaves nothing behind.
 */
export async function runWizard(run: (args: string[]) => Promise<unknown>, terminal: Terminal = {}): Promise<void> {
  // A terminal that nobody gave a size says 0 × 0.
  if (process.stdout.columns === 0) Object.assign(process.stdout, { columns: 80, rows: 24 });
  const prompts = promptsOn(terminal);
  const args = await ask(prompts);
  if (!args) return;
  await run(args);
  line(`\nThe same without questions: ${shellWords(['espalier', ...args])}`);
}

/** The arguments to run with; undefined where there is nothing to run. */
async function ask(prompts: Prompts): Promise<string[] | undefined> {
  try {
    prompts.intro('Espalier: prune a model');
    const args = argumentsOf(await askAll(prompts));
    prompts.show('The command', shellWords(['espalier', ...args]));
    if (await prompts.confirm('Run it?', true)) {
      prompts.outro('Here we go.');
      return args;
    }
    prompts.outro('Nothing was run. This does it later:');
    line(shellWords(['espalier', ...args]));
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
    prompts.outro('Cancelled: nothing was written.');
  }
  return undefined;
}
