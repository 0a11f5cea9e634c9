/** What the help of each command ends with; the models and data are the zoo's, so that each runs as it stands. */
export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  inspect: ['inspect lenet-5', 'inspect lenet-5 --histogram --layer conv2'],
  prune: [
    'prune lenet-5 -o out --sparsity 0.9 --data mnist --fine-tune 3',
    'prune resnet-ds -o half --strategy structured --macs 0.5 --data mnist',
  ],
  sensitivity: ['sensitivity lenet-5 --data mnist --budget-out budget.json'],
  compare: ['compare lenet-5 --data mnist -o report --fine-tune 1'],
  pack: ['pack lenet-5 -o lenet-5.espalier --values codebook'],
  convert: ['convert lenet-5 -o lenet-5.safetensors'],
  bench: ['bench lenet-5 --sparsities 0.9 --no-layers'],
};

export const examplesOf = (command: string): string => {
  const lines = EXAMPLES[command] ?? [];
  return lines.length === 0 ? '' : `\nFor example:\n${lines.map((line) => `  espalier ${line}\n`).join('')}`;
};
