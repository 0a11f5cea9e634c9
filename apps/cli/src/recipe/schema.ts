import { BATCH_DEFAULTS } from '@espalier/data';
import { OBS_REPAIR_DEFAULTS } from '@espalier/repair-obs';
import { BLOCK_DEFAULTS } from '@espalier/strategy-block';
import { NM_DEFAULTS } from '@espalier/strategy-nm';
import {
  DISTILL_DEFAULTS,
  EARLY_STOPPING_DEFAULTS,
  LOTTERY_TICKET_DEFAULTS,
  RIGL_DEFAULTS,
  SPARSE_EVOLUTION_DEFAULTS,
  SR_STE_DEFAULTS,
} from '@espalier/train';
import * as z from 'zod';
import { BACKEND_CHOICES } from '../backend.js';
import { LEARNING_RATE } from '../options.js';
import { REPAIRS, SCOPES, SCORERS } from '../plugins.js';

const share = z.number().min(0).max(1);
const positive = z.int().positive();
const seed = z.int().nonnegative();
const text = z.string().min(1);
const scope = z.enum(SCOPES).default('global');
const tail = z.enum(['error', 'dense']).default('error');

const strategy = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('unstructured'), scope }),
  z.strictObject({ kind: z.literal('structured'), scope }),
  z.strictObject({
    kind: z.literal('nm'),
    keep: positive.default(NM_DEFAULTS.keep),
    group: positive.default(NM_DEFAULTS.group),
    tail,
    transposable: z.boolean().default(NM_DEFAULTS.transposable),
    permute: z.boolean().default(false).describe('reorders channels first, so that the pattern keeps more'),
  }),
  z.strictObject({
    kind: z.literal('block'),
    outputs: positive.default(BLOCK_DEFAULTS.outputs),
    inputs: positive.default(BLOCK_DEFAULTS.inputs),
    scope,
    tail,
  }),
]);

const exchange = {
  every: positive.describe('steps from one exchange to the next'),
  fraction: share.describe('of the active weights that is replaced'),
  until: share.describe('the share of the training after which places stay'),
};

const schedule = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('one-shot') }).describe('prunes, then trains what is left'),
  z
    .strictObject({
      kind: z.literal('gradual'),
      begin: share.default(0),
      end: share.default(0.6),
      updates: positive.default(40).describe('how often more is pruned between begin and end'),
    })
    .describe('prunes more and more while it trains; begin and end are shares of the training'),
  z.strictObject({ kind: z.literal('sr-ste'), decay: z.number().nonnegative().default(SR_STE_DEFAULTS.decay) }),
  z.strictObject({
    kind: z.literal('rigl'),
    every: exchange.every.default(RIGL_DEFAULTS.every),
    fraction: exchange.fraction.default(RIGL_DEFAULTS.fraction),
    until: exchange.until.default(RIGL_DEFAULTS.until),
  }),
  z.strictObject({
    kind: z.literal('set'),
    every: exchange.every.default(SPARSE_EVOLUTION_DEFAULTS.every),
    fraction: exchange.fraction.default(SPARSE_EVOLUTION_DEFAULTS.fraction),
    until: exchange.until.default(SPARSE_EVOLUTION_DEFAULTS.until),
  }),
  z.strictObject({
    kind: z.literal('lottery-ticket'),
    rounds: positive.default(LOTTERY_TICKET_DEFAULTS.rounds),
    rewindTo: z.int().nonnegative().default(LOTTERY_TICKET_DEFAULTS.rewindTo),
  }),
]);

const training = z.strictObject({
  epochs: positive,
  learningRate: z
    .number()
    .positive()
    .default(LEARNING_RATE)
    .describe('the peak of Adam’s rate, which falls to 0 along a cosine'),
  batchSize: positive.default(BATCH_DEFAULTS.batchSize),
  distill: z
    .strictObject({
      temperature: z.number().positive().default(DISTILL_DEFAULTS.temperature),
      alpha: share.default(DISTILL_DEFAULTS.alpha),
    })
    .optional()
    .describe('learns from the dense model as well'),
  earlyStopping: z
    .strictObject({
      fraction: z.number().gt(0).lt(1).default(0.1).describe('of the data, held out'),
      patience: positive.default(EARLY_STOPPING_DEFAULTS.patience),
    })
    .optional(),
});

/** A scorer of training alone. */
export const RUNNING_FISHER = 'running-fisher';
const ALONE = ['rigl', 'set', 'lottery-ticket'];

/** What `espalier train` does. Paths are relative to the folder that the command runs in. */
export const recipeSchema = z
  .strictObject({
    $schema: z.string().optional(),
    model: text.describe('a directory, a path to model.json, or a zoo name'),
    data: text.describe('mnist, idx:IMAGES,LABELS, a .npz file or an ES module'),
    test: text.optional(),
    loss: text.optional(),
    out: text.optional().describe('where the model goes'),
    backend: z.enum(BACKEND_CHOICES).default('wasm'),
    seed: seed.default(0),
    scorer: z
      .enum([...SCORERS, RUNNING_FISHER])
      .default('magnitude')
      .describe(`${RUNNING_FISHER}: what the optimizer has learnt of the curvature, for the schedule gradual`),
    strategy: strategy.default({ kind: 'unstructured', scope: 'global' }),
    sparsity: share.optional().describe('default: what the pattern fixes, else 0.5'),
    schedule: schedule.default({ kind: 'one-shot' }),
    repair: z.enum(REPAIRS).default('none'),
    repairSteps: z
      .int()
      .nonnegative()
      .optional()
      .describe(
        `obs: steps along the loss of the labels at each stage, 0 leaves them out; default: ${OBS_REPAIR_DEFAULTS.steps}`,
      ),
    ignore: z.array(text).default([]),
    training,
  })
  .superRefine(({ strategy, sparsity, schedule, scorer, repair, repairSteps, training }, context) => {
    const refuse = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (repair !== 'none' && schedule.kind !== 'one-shot')
      refuse(['repair'], `wanted none: the schedule ${schedule.kind} trains the weights instead`);
    if (repairSteps !== undefined && repair !== 'obs') refuse(['repairSteps'], 'wanted none: it is for the repair obs');
    if (repair === 'bias' && strategy.kind !== 'structured')
      refuse(['repair'], 'wanted none or obs: bias makes up for removed channels, of the strategy structured');
    if (strategy.kind === 'nm') {
      const { keep, group } = strategy;
      if (keep >= group) return refuse(['strategy', 'keep'], `wanted less than group, ${group}`);
      const fixed = 1 - keep / group;
      if (sparsity !== undefined && Math.abs(sparsity - fixed) > 1e-9)
        refuse(['sparsity'], `wanted ${fixed}, which ${keep}:${group} fixes; leave it out`);
      if (strategy.permute && strategy.transposable) refuse(['strategy', 'permute'], 'wanted false with transposable');
      if (schedule.kind === 'gradual') refuse(['schedule', 'kind'], 'wanted one-shot or sr-ste: N:M has one sparsity');
    } else if (schedule.kind === 'sr-ste') refuse(['strategy', 'kind'], 'wanted nm for the schedule sr-ste');
    if (strategy.kind === 'block' && strategy.outputs * strategy.inputs === 1)
      refuse(['strategy', 'outputs'], 'wanted a block of more than one weight');
    if (ALONE.includes(schedule.kind) && strategy.kind !== 'unstructured')
      refuse(['strategy', 'kind'], `wanted unstructured for the schedule ${schedule.kind}`);
    if (schedule.kind === 'gradual' && schedule.begin >= schedule.end)
      refuse(['schedule', 'begin'], `wanted less than end, ${schedule.end}`);
    if (schedule.kind === 'lottery-ticket') {
      if (schedule.rewindTo >= training.epochs)
        refuse(['schedule', 'rewindTo'], `wanted less than the ${training.epochs} epochs`);
      if (scorer !== 'magnitude') refuse(['scorer'], 'wanted magnitude for the schedule lottery-ticket');
      if (training.earlyStopping) refuse(['training', 'earlyStopping'], 'wanted none for the schedule lottery-ticket');
    }
    if (scorer === RUNNING_FISHER && schedule.kind !== 'gradual')
      refuse(['scorer'], `wanted one that needs no training: ${RUNNING_FISHER} is for the schedule gradual`);
    if (schedule.kind === 'sr-ste' && scorer !== 'magnitude')
      refuse(['scorer'], 'wanted magnitude for the schedule sr-ste');
  });

export type Recipe = z.output<typeof recipeSchema>;
/** A recipe as people write it, without what has a default. */
export type RecipeInput = z.input<typeof recipeSchema>;

/** The schema of recipes for editors: JSON Schema, draft 2020-12. */
export const recipeJsonSchema = () => z.toJSONSchema(recipeSchema, { io: 'input' });
