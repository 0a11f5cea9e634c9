export interface AccelerateOptions {
  /** Weights with a smaller share of zeros are left alone. */
  readonly minSparsity?: number;
}

export interface AcceleratedLayer {
  /** The weight's name. */
  readonly id: string;
  /** The kernel of its latest run; 'stock' = TensorFlow.js's own. */
  readonly kernel: string;
  /** The share of zeros when accelerate() saw it. */
  readonly sparsity: number;
  readonly reason: string;
}

/** What `accelerate()` of a package of kernels gives back. */
export interface Acceleration {
  /** What each weight runs on now: looked up again at each reading. */
  readonly layers: readonly AcceleratedLayer[];
  /** Puts the stock kernels back and frees the encodings; a second call does nothing. */
  dispose(): void;
}
