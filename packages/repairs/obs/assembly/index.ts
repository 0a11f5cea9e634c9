export { cholesky, gather, invertTriangle, solve, squareTriangle } from './cholesky';
export { packDoubles, packFloats, packTransposed, rankUpdate, tile } from './gram';
export { trace } from './trace';
