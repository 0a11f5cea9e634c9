import type { DataInfo } from './worker/protocol.js';

/** The digits that come with the page. */
export const ZOO_DATA: DataInfo = {
  name: 'mnist',
  own: false,
  shape: [28, 28],
  classes: 10,
  train: 8000,
  test: 2000,
  shared: false,
  argument: 'mnist',
};
