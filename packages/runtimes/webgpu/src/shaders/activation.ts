import type { Activation } from '@espalier/kernels-kit';

/** The bindings that bias and slopes need, after all others. */
export interface Finish {
  readonly name: Activation['name'];
  readonly bias: boolean;
  /** 'prelu' with one slope for each channel; else its slope is the uniform `alpha`. */
  readonly slopes: boolean;
}

const BODY: Readonly<Record<Activation['name'], string>> = {
  linear: 'return v;',
  // max and clamp may drop NaN.
  relu: 'return select(max(v, 0.0), v, isnan(v));',
  relu6: 'return select(clamp(v, 0.0, 6.0), v, isnan(v));',
  elu: 'return select(exp(min(v, 0.0)) - 1.0, v, v >= 0.0 || isnan(v));',
  sigmoid: 'return 1.0 / (1.0 + exp(-v));',
  prelu: 'return select(slope * v, v, v >= 0.0);',
};

/** fn finish(sum, m): the bias of output m is added, then the activation. */
export const finishCode = ({ name, bias, slopes }: Finish) => `
fn finish(sum : f32, m : i32) -> f32 {
  let v = sum${bias ? ' + Bias[m]' : ''};
  ${name === 'prelu' ? `let slope = ${slopes ? 'Slopes[m]' : 'uniforms.alpha'};` : ''}
  ${BODY[name]}
}`;

export const finishVariables = ({ bias, slopes }: Finish) => [...(bias ? ['Bias'] : []), ...(slopes ? ['Slopes'] : [])];

export const finishKey = ({ name, bias, slopes }: Finish) => `${name}${bias ? ' bias' : ''}${slopes ? ' slopes' : ''}`;
