export const lessons = {
  why: {
    title: 'Why prune?',
    text: [
      'Trained networks carry far more weights than they need. Many are close to zero, and the network hardly notices when they go.',
      'What is left is smaller to ship, has less to multiply, and can be quicker, if the hardware knows how to use the gaps. That “if” is what this page is about.',
    ],
  },
  granularity: {
    title: 'Three granularities, and one between',
    text: [
      'Single weights: the freest choice, so accuracy lasts longest. The holes are scattered, and ordinary dense kernels multiply the zeros all the same.',
      'Patterns (N:M) and blocks: less free, but regular. Sparse tensor cores and SIMD kernels can skip what they know beforehand.',
      'Channels: whole units go, with everything attached to them. The result is a smaller dense network, quicker everywhere, and the dearest in accuracy.',
    ],
  },
  saliency: {
    title: 'Which weights matter?',
    text: [
      'Magnitude, |w|: small weights go first. It needs no data and is hard to beat.',
      'Gradient, |w·∂L/∂w|: how much the loss would change, to first order, if the weight went to zero.',
      'Hessian, ½·w²·H: the second order. At a minimum the gradient vanishes, and curvature is what tells.',
    ],
  },
  scope: {
    title: 'Global or local threshold',
    text: [
      'Global: all weights compete. Layers with much to spare give more, and small but vital ones keep theirs.',
      'Local: every layer gives the same share. Safe against emptied layers, blind to which layer can afford it. Watch the bars of “Layer by layer”.',
    ],
  },
  tuning: {
    title: 'Why fine-tune?',
    text: [
      'A cut leaves the other weights where they were when they still had neighbours. A little training lets them take over.',
      'Zeros are held at zero: gradients are masked before the optimizer sees them. One epoch often brings back most of what a cut cost.',
    ],
  },
};
