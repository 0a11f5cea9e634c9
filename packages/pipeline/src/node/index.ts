/** What a program on Node reads from disk for a pruning: recipes, data, budgets, plug-ins of other people. */
export { loadData, type LoadedDataset } from './data.js';
export { loadDataModule } from './data-module.js';
export { loadBudget } from './load-budget.js';
export { pluginLoader } from './load-plugin.js';
export { loadRecipe } from './load-recipe.js';
export { type ModelSource, resolveModel } from './model-source.js';
