export * from './fine-tune.js';
export { cosine, type LearningRate } from './learning-rate.js';
