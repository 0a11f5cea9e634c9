/** What is taken where nothing else is asked for, in a file of its own: whoever lists options loads no more than this. */
export const HESSIAN_DEFAULTS = { rows: 32768, damping: 0.01 };

export const STEP_DEFAULTS = { steps: 8, ridge: 0.003, samples: 256, iterations: 8 };

export const OBS_REPAIR_DEFAULTS = { ...HESSIAN_DEFAULTS, ...STEP_DEFAULTS, work: 1e11, exchanges: 0 };

export const OBS_SCORER_DEFAULTS = { ...HESSIAN_DEFAULTS, work: 1e11 };
