import type { RecipeInput } from './schema.js';

export type { Recipe, RecipeInput } from './schema.js';

/** For recipes in TypeScript: `export default defineRecipe({ … })` has its fields checked while it is written. */
export const defineRecipe = (recipe: RecipeInput): RecipeInput => recipe;
