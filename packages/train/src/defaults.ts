import { BATCH_DEFAULTS } from '@espalier/data';

/** What is taken where nothing else is asked for, in a file of its own: whoever lists options loads no more than this. */
export const FINE_TUNE_DEFAULTS = { learningRate: 1e-3, batchSize: BATCH_DEFAULTS.batchSize, seed: 0 };

export const DISTILL_DEFAULTS = { temperature: 4, alpha: 0.5 };

export const EARLY_STOPPING_DEFAULTS = { patience: 3 };

export const LOTTERY_TICKET_DEFAULTS = { rounds: 5, rewindTo: 0 };

export const RIGL_DEFAULTS = { every: 100, fraction: 0.3, until: 0.75 };

export const SR_STE_DEFAULTS = { decay: 2e-4 };

export const SPARSE_EVOLUTION_DEFAULTS = { every: 100, fraction: 0.3, until: 1, seed: 0 };

export const SHARE_DEFAULTS = { most: 256 } as const;
