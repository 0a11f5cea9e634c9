export const lessons = {
  why: {
    title: 'Why prune?',
    caption: 'Blue: connections that carry the answer. Dotted: connections that hardly matter.',
    text: [
      'Trained networks carry far more weights than they need. Many are close to zero, and the network hardly notices when they go.',
      'What is left is smaller to ship, has less to multiply, and can be quicker, if the hardware knows how to use the gaps. That “if” is what this page is about.',
    ],
    tries: ['Remove nothing', 'Half of the weights', '90%', '98%'],
    watch:
      'Watch the accuracy: it hardly moves for a long way, then it falls off a cliff. How far the cliff is differs from network to network.',
  },
  granularity: {
    title: 'Three granularities, and one between',
    caption: 'Each picture is a small matrix of weights, half of it pruned. Blue stays.',
    text: [
      'Single weights: the freest choice, so accuracy lasts longest. The holes are scattered, and ordinary dense kernels multiply the zeros all the same.',
      'Patterns (N:M) and blocks: less free, but regular. Sparse tensor cores and SIMD kernels can skip what they know beforehand.',
      'Channels: whole units go, with everything attached to them. The result is a smaller dense network, quicker everywhere, and the dearest in accuracy.',
    ],
    tries: ['Single weights, half', '2:4, half', '4×1 blocks, half', 'Channels, half'],
    watch:
      'All four remove half. Watch how the mask changes its shape, and what that costs in accuracy; then measure what it buys in time.',
  },
  saliency: {
    title: 'Which weights matter?',
    caption:
      'The loss as one weight changes. Orange: the slope, which Gradient uses. Green: the bend, which Hessian uses.',
    text: [
      'A saliency is a guess at how much the loss grows when one weight becomes zero. The lowest go first.',
      'Magnitude, |w|: small weights go first. It needs no data and is hard to beat.',
      'Gradient, |w·∂L/∂w|: how much the loss would change, to first order, if the weight went to zero.',
      'Hessian, ½·w²·H: the second order. At a minimum the slope vanishes, and the bend is what tells.',
    ],
    tries: ['Random, 80%', 'Magnitude, 80%', 'Gradient, 80%', 'Hessian, 80%'],
    watch:
      'The same number of weights goes each time. Watch the accuracy, and the histogram: only Magnitude cuts at one value of |w|.',
  },
  scope: {
    title: 'Global or local threshold',
    caption:
      'Two layers, a bar for each weight. Dashed: one threshold for both. Green: the second layer’s own, which spares half of it.',
    text: [
      'Global: all weights compete. Layers with much to spare give more, and small but vital ones keep theirs.',
      'Local: every layer gives the same share. No layer is ever emptied, but none is spared either, however much depends on it.',
    ],
    tries: ['Global, 90%', 'Local, 90%'],
    watch:
      'Watch “Layer by layer”: with one global threshold the small last layer keeps most of its weights, with local ones all bars are equally long.',
  },
  tuning: {
    title: 'Why fine-tune?',
    caption:
      'Accuracy over time. The cut, at the dot, costs at once; training brings it back towards the dashed line, the dense network.',
    text: [
      'A cut leaves the other weights where they were when they still had neighbours. A little training lets them take over.',
      'Zeros are held at zero: gradients are masked before the optimizer sees them. One epoch often brings back most of what a cut cost.',
    ],
    tries: ['None', '1 epoch', '3 epochs'],
    watch: 'Choose, then press “Measure this cut”, and again with another choice: the table keeps both, side by side.',
  },
};
