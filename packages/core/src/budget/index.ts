export * from './cost.js';
export * from './ledger.js';
export { type Contestant, type Share } from './share.js';
export { uniformShare } from './uniform.js';
export { globalShare } from './global.js';
export { erkShare } from './erk.js';
export { lampShare } from './lamp.js';
export { type SparsityTable, tableCounts, tableShare } from './table.js';
