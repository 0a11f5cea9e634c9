/** What a page or a command line has to know of options; loads no plug-in, no TensorFlow.js and no schema library. */
export { contradictions, isTable, isTraining, trains, type Contradiction, type NameOf } from './check.js';
export { withDefaults } from './fill.js';
export * as kinds from './kinds.js';
export type { Kind } from './kinds.js';
export { flagOf, type Option } from './option.js';
export { strategyFrom, STRATEGY_WORDS, strategyWord, strategyLabel } from './strategy-words.js';
export { BACKENDS, type OptionName, OPTIONS, SCHEDULES, SCOPES, type Settings, valueOf } from './table.js';
export { shellWords, toWords } from './words.js';
export { namesOf, REPAIRS, SCORERS, STRATEGIES } from '../plugins/lists.js';
export { needsData } from '../plugins/needs-data.js';
