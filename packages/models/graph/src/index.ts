export { adaptGraph, type AdaptGraphOptions, type GraphPrunable } from './adapt.js';
export { toGraphArtifacts } from './artifacts.js';
