import {
  iterative,
  type MaskHandle,
  type Plan,
  type PrunableModel,
  show,
  type Strategy,
  UsageError,
} from '@espalier/core';
import { fineTune, type FineTuneOptions } from './fine-tune.js';
import { magnitudePlan } from './magnitude-plan.js';
import { readWeights, writeWeights } from './weights.js';
import { LOTTERY_TICKET_DEFAULTS } from './defaults.js';

export interface LotteryTicketOptions extends Omit<
  FineTuneOptions,
  'handles' | 'checkpoint' | 'resume' | 'earlyStopping'
> {
  readonly strategy: Strategy;
  readonly sparsity: number;
  /** How often to train and prune; each round removes the same fraction of what is left. */
  readonly rounds?: number;
  /** Epochs after which the weights are taken that rounds go back to; 0 = the weights as they are now. */
  readonly rewindTo?: number;
  /** Before each training, with the sparsity it has; round 0 trains the dense network. */
  readonly onRound?: (round: number, sparsity: number) => void;
}

export interface LotteryTicket {
  readonly plan: Plan;
  /** In force; `makePermanent()` or `restore()` ends it. */
  readonly handle: MaskHandle;
  /** Mean training loss of the last epoch of each training, the dense one first. */
  readonly losses: readonly number[];
}

/**
 * Lottery tickets by iterative magnitude pruning: train, prune the smallest |w| of what is left, put the rest back to where
 * it was at the start (arXiv:1803.03635) or after `rewindTo` epochs (arXiv:1912.05671), and train again. The result is the
 * last ticket, trained.
 *
 * Rules may change the loss, `distill` for instance; they must not prune. Errors as `fineTune`; a UsageError with code 'rewind' unless rewindTo lies before the last epoch.
 */
export async function lotteryTicket(model: PrunableModel, options: LotteryTicketOptions): Promise<LotteryTicket> {
  const { strategy, sparsity, rounds, rewindTo, onRound, ...training } = { ...LOTTERY_TICKET_DEFAULTS, ...options };
  if (!(Number.isSafeInteger(rewindTo) && rewindTo >= 0 && rewindTo < training.epochs)) {
    throw new UsageError(
      'rewind',
      `rewindTo must be an epoch before the last of ${training.epochs}, got ${show(rewindTo)}`,
      { where: 'rewindTo', found: String(rewindTo) },
    );
  }
  const schedule = iterative({ sparsity, steps: rounds });
  const losses: number[] = [];
  let ticket = await readWeights(model);
  let [plan, handle]: [Plan | undefined, MaskHandle | undefined] = [undefined, undefined];
  try {
    for (let round = 0; ; round++) {
      onRound?.(round, round === 0 ? 0 : schedule(round - 1)!);
      const { losses: epochs } = await fineTune(model, {
        ...training,
        ...(handle && { handles: [handle] }),
        async onEpoch(end) {
          if (round === 0 && end.epoch === rewindTo) ticket = await readWeights(model);
          await training.onEpoch?.(end);
        },
      });
      losses.push(epochs[epochs.length - 1]);
      if (round === rounds) return { plan: plan!, handle: handle!, losses };
      plan = await magnitudePlan(model, strategy, schedule(round)!, plan);
      handle?.makePermanent();
      writeWeights(model, ticket);
      handle = await model.mask(plan);
    }
  } catch (error) {
    handle?.makePermanent();
    throw error;
  }
}
