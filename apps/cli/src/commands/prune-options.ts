import { UsageError } from '@espalier/core';
import { BATCH_DEFAULTS } from '@espalier/data';
import { Command, Option } from 'commander';
import { BACKEND_CHOICES } from '../backend.js';
import { addBudgetOptions, type BudgetOptions, checkBudgetOptions } from '../budget/options.js';
import {
  blockSize,
  dataOption,
  jsonOption,
  LEARNING_RATE,
  checkRepairSteps,
  list,
  lossOption,
  oneOf,
  positiveInteger,
  positiveNumber,
  repairStepsOption,
  seedOption,
  sparsity,
  testOption,
  wholeNumber,
} from '../options.js';
import {
  type BlockSize,
  type RepairName,
  REPAIRS,
  type Scope,
  SCOPES,
  type ScorerName,
  SCORERS,
  STRATEGIES,
  type StrategyName,
} from '../plugins.js';
import { type NonFinite, unscoredOption } from '../read-any.js';

export const SCHEDULES = ['one-shot', 'iterative', 'cubic'] as const;

export interface PruneCliOptions extends BudgetOptions {
  readonly out?: string;
  readonly strategy: StrategyName;
  readonly scorer: ScorerName;
  readonly scope?: Scope;
  readonly sparsity?: number;
  readonly keep?: number;
  readonly group?: number;
  readonly block?: BlockSize;
  readonly transposable?: boolean;
  readonly permute?: true | number;
  readonly tail?: 'error' | 'dense';
  readonly data?: string;
  readonly test?: string;
  readonly loss?: string;
  readonly repair: RepairName;
  readonly repairSteps?: number;
  readonly reestimateNorms?: boolean;
  readonly schedule?: (typeof SCHEDULES)[number];
  readonly steps?: number;
  readonly fineTune: number;
  readonly lr?: number;
  readonly batch: number;
  readonly ignore?: string[];
  readonly backend: string;
  readonly keepShape?: boolean;
  readonly figure?: string;
  readonly layer?: string;
  readonly seed: number;
  readonly nonFinite: NonFinite;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** The command with its options; `action` does the work. */
export function pruneOptions(action: (source: string, options: PruneCliOptions) => Promise<void>): Command {
  const command = new Command('prune')
    .description('prunes a model and writes one that any TensorFlow.js program loads, with the plan beside it')
    .argument('<model>', 'a directory, a path to model.json or .espalier, or a zoo name')
    .option('-o, --out <dir>', 'where the pruned model goes; files of other programs in it are left alone')
    .addOption(
      new Option('--strategy <name>', STRATEGIES.join(' | '))
        .argParser(oneOf('--strategy', STRATEGIES))
        .default('unstructured'),
    )
    .addOption(
      new Option('--scorer <name>', SCORERS.join(' | ')).argParser(oneOf('--scorer', SCORERS)).default('magnitude'),
    )
    .option(
      '--scope <scope>',
      `${SCOPES.join(' | ')}: one threshold for all, or the same sparsity in every layer or output (default: global)`,
      oneOf('--scope', SCOPES),
    )
    .option('--sparsity <s>', 'the fraction to remove, 0 to 1 (default: 0.5; N:M has its own)', sparsity);
  return addBudgetOptions(command)
    .option('--keep <n>', 'N:M: how many weights of a group stay (default: 2)', positiveInteger('--keep'))
    .option('--group <m>', 'N:M: the size of a group (default: 4)', positiveInteger('--group'))
    .option('--transposable', 'N:M: keeps the pattern along the outputs as well')
    .option(
      '--permute [moves]',
      'N:M: first reorders channels so that more is kept, at no cost; the moves of the search (default: 2000)',
      positiveInteger('--permute'),
    )
    .option('--block <size>', 'block: OUTPUTSxINPUTS that stay or go together (default: 4x1)', blockSize)
    .option(
      '--tail <what>',
      'N:M and block: error | dense, for axes that the group or block does not divide (default: error)',
      oneOf('--tail', ['error', 'dense'] as const),
    )
    .addOption(
      new Option(
        '--repair <name>',
        'none | obs: new values for the weights that stay, from the curvature on --data | bias: biases make up for the mean of removed channels on --data',
      )
        .argParser(oneOf('--repair', REPAIRS))
        .default('none'),
    )
    .addOption(repairStepsOption())
    .option(
      '--reestimate-norms',
      'gives batch norms the statistics of the pruned model on --data, after all pruning and training',
    )
    .addOption(dataOption())
    .addOption(testOption())
    .addOption(lossOption())
    .addOption(
      new Option(
        '--schedule <name>',
        `${SCHEDULES.join(' | ')} (default: one-shot; with --repair obs stages that each prune half of what is left, unless --repair-steps is 0)`,
      ).argParser(oneOf('--schedule', SCHEDULES)),
    )
    .option('--steps <n>', 'steps of the schedule (default: 5)', positiveInteger('--steps'))
    .option(
      '--fine-tune <epochs>',
      'epochs of training after each step of the schedule, zeros kept',
      wholeNumber('--fine-tune'),
      0,
    )
    .option(
      '--lr <x>',
      `learning rate of fine-tuning, falling to 0 along a cosine (default: ${LEARNING_RATE})`,
      positiveNumber('--lr'),
    )
    .option('--batch <n>', 'samples in a batch', positiveInteger('--batch'), BATCH_DEFAULTS.batchSize)
    .option(
      '--ignore <globs>',
      'layers or parameters to leave alone, such as conv1,block*',
      list((glob) => glob),
    )
    .addOption(
      new Option('--backend <name>', BACKEND_CHOICES.join(' | '))
        .argParser(oneOf('--backend', BACKEND_CHOICES))
        .default('wasm'),
    )
    .option('--keep-shape', 'structured: zeroes channels where they are, instead of removing them')
    .option('--figure <file>', 'writes the three panels (before, after, mask) of one kernel as .svg or .png')
    .option('--layer <id>', 'the kernel of --figure; default: the first')
    .addOption(seedOption())
    .addOption(unscoredOption())
    .option('--dry-run', 'does everything but writing')
    .addOption(jsonOption())
    .action(action);
}

/** Options that contradict each other are a mistake, never a preference that is dropped in silence. */
export function checkCombination(o: PruneCliOptions): void {
  const refuse = (option: string, why: string) => {
    throw new UsageError('option-combination', `${option} ${why}`, { where: option });
  };
  if (o.out === undefined && !o.dryRun)
    refuse('-o, --out', 'is missing: say where the pruned model goes, or give --dry-run');
  checkBudgetOptions(o);
  checkRepairSteps(o);
  const only = (strategies: readonly StrategyName[], given: Record<string, unknown>) => {
    if (strategies.includes(o.strategy)) return;
    for (const [option, value] of Object.entries(given))
      if (value !== undefined) refuse(option, `is for --strategy ${strategies.join(' or ')}, not ${o.strategy}`);
  };
  only(['nm'], {
    '--keep': o.keep,
    '--group': o.group,
    '--transposable': o.transposable,
    '--permute': o.permute,
  });
  only(['block'], { '--block': o.block });
  only(['nm', 'block'], { '--tail': o.tail });
  if (o.scope === 'output' && o.strategy !== 'unstructured')
    refuse('--scope output', `is for --strategy unstructured, not ${o.strategy}`);
  if (o.strategy === 'nm' && o.scope !== undefined)
    refuse('--scope', 'is not for --strategy nm, whose groups decide for themselves');
  if (o.permute !== undefined && o.transposable)
    refuse('--permute', 'looks at groups of inputs alone; leave out --transposable');
  if (o.repair === 'bias' && (o.strategy !== 'structured' || o.granularity === 'layer'))
    refuse('--repair bias', 'makes up for removed channels: give --strategy structured, of channels');
  if (o.keepShape && o.strategy !== 'structured')
    refuse('--keep-shape', `is for --strategy structured; ${o.strategy} keeps shapes anyway`);
  if (o.steps !== undefined && (o.schedule ?? 'one-shot') === 'one-shot')
    refuse('--steps', 'is for --schedule iterative or cubic');
  if (o.lr !== undefined && o.fineTune === 0) refuse('--lr', 'is for --fine-tune');
  if (o.layer !== undefined && o.figure === undefined) refuse('--layer', 'is for --figure');
}
