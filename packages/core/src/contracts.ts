/**
 * The contracts between models, scorers, strategies, schedules and repairs.
 *
 * Ownership: arguments are borrowed, results belong to the caller. Tensors stop at the scorer; past it everything is
 * typed arrays, so the same scores give the same decisions on every backend.
 */
export * from './contracts/note.js';
export * from './contracts/plan.js';
export * from './contracts/model.js';
export * from './contracts/plug-ins.js';
