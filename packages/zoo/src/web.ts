// What is known of the zoo without its files: nothing here imports a node: module.

/** The trained models and what they are. */
export const TITLES = {
  'lenet-300-100': 'LeNet-300-100, fully connected',
  'lenet-5': 'LeNet-5, 20-50-500-10 form',
  'resnet-ds': 'depthwise-separable residual net',
} as const;

export type ZooName = keyof typeof TITLES;

/** Every fifth digit is a test digit. */
export const isTest = (index: number): boolean => index % 5 === 4;
