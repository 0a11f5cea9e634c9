import type { Host } from '@espalier/pipeline';
import { loadBudget, pluginLoader } from '@espalier/pipeline/node';
import { note, task } from './ui.js';

/** What the command line lends to the pipeline: its progress, its notes, and the folder that it runs in. */
export const host: Host = { task, note, readJson: loadBudget, load: pluginLoader(process.cwd()) };
