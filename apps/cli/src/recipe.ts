export { defineRecipe, type Recipe } from '@espalier/pipeline';
